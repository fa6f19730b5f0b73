/**
 * What people choose most, in lower case, from the lists that leaks have made public. Short of Django's own twenty thousand: it refuses the first guesses
 * of an attacker who is held to a few of them.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
123456 password 12345678 qwerty 123456789 12345 1234 111111 1234567 dragon 123123 baseball abc123 football monkey letmein 696969 shadow
master 666666 qwertyuiop 123321 mustang 1234567890 michael 654321 superman 1qaz2wsx 7777777 121212 000000 qazwsx 123qwe killer trustno1
jordan jennifer zxcvbnm asdfgh hunter buster soccer harley batman andrew tigger sunshine iloveyou 2000 charlie robert thomas hockey ranger
daniel starwars klaster 112233 george computer michelle jessica pepper 1111 zxcvbn 555555 11111111 131313 freedom 777777 pass maggie 159753
aaaaaa ginger princess joshua cheese amanda summer love ashley nicole chelsea biteme matthew access yankees 987654321 dallas austin thunder
taylor matrix mobilemail mom monitor monitoring montana moon moscow welcome welcome1 password1 password12 password123 password1234 password!
passw0rd p@ssw0rd p@ssword pa55word letmein1 letmein123 qwerty1 qwerty12 qwerty123 qwerty1234 qwertyui qwe123 qwe12345 abc12345 abcd1234
abcdefgh abcdefg1 a1b2c3d4 aa123456 1q2w3e4r 1q2w3e4r5t 1q2w3e q1w2e3r4 q1w2e3r4t5 1qazxsw2 1qaz2wsx3edc zaq12wsx zaq1zaq1 zxcvbnm1 asdfghjk
asdfghjkl asdf1234 asdfasdf iloveyou1 iloveyou2 sunshine1 princess1 football1 baseball1 superman1 michael1 charlie1 monkey123 dragon123
master123 shadow123 admin admin1 admin123 admin1234 administrator root toor guest test test1 test123 test1234 testing testing1 testtest
changeme changeme1 secret secret1 secret123 default temp temp123 user user123 user1234 login login123 hello hello123 hello1234 helloworld
whatever trustno11 11223344 12341234 12121212 87654321 88888888 00000000 22222222 33333333 44444444 55555555 66666666 77777777 99999999
123123123 147258369 741852963 789456123 963852741 0123456789 9876543210 1234554321 123654789 1122334455 102030 10203040 1029384756 access14
starwars1 computer1 internet samsung samsung1 google facebook facebook1 linkedin liverpool liverpool1 arsenal chelsea1 barcelona juventus
manchester corvette mercedes ferrari porsche jordan23 michelle1 jennifer1 jessica1 butterfly chocolate strawberry blink182 metallica nirvana
slipknot pokemon pokemon1 minecraft nintendo playstation spiderman batman123 ironman jesus jesus1 blessed letmein12 lovely loveme lovelove
loveyou babygirl babygirl1 angel angel1 angels qwaszx qazwsxedc qazwsx123 poiuytrewq mnbvcxz asdfqwer zxcvasdf 1234qwer qwer1234 qwerqwer
qwerty12345 1234abcd abcd12345 abc123456 abc123abc aaaaaaaa aaaa1111 passpass passport pass1234 pass12345 pass123 password2 password3
password12345 passwort passwort1 motdepasse contraseña wachtwoord welkom01 welcome123 welcome2 winter summer1 summer2023 summer2024
winter2023 winter2024 spring2024 autumn2024 monday sunday january february november december december1 october september cookie cookie123
killer123 hunter1 hunter2 ninja ninja123 mustang1 maverick phoenix scorpion dolphin dolphins cowboys steelers rangers lakers yankees1 eagles
packers patricia elizabeth victoria veronica samantha stephanie christina alexander alexandra benjamin jonathan nicholas sebastian valentina
gabriel
`
    .trim()
    .split(/\s+/),
);
