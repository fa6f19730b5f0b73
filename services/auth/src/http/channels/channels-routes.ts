import { channelsPaths, channelsRedirects, slashedUrl } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { AuthContext } from '../../context.ts';
import { channelsDeleteProfile } from './delete-profile.ts';
import { channelsGetProfile } from './get-profile.ts';
import { channelsLogin } from './login.ts';
import { channelsLogout } from './logout.ts';
import { channelsRefresh } from './refresh.ts';
import { channelsRegister } from './register.ts';
import { channelsUpdateProfile } from './update-profile.ts';

const ROUTES = [
  channelsDeleteProfile,
  channelsGetProfile,
  channelsLogin,
  channelsLogout,
  channelsRefresh,
  channelsRegister,
  channelsUpdateProfile,
] as const;

/** Accounts in the words of channels, at every path they have there. */
export function channelsRoutes(context: AuthContext): Route[] {
  const routes = ROUTES.map((make) => make(context));
  const redirects = channelsRedirects.filter(({ path }) => /^\/(api\/)?auth\//.test(path));
  return [
    ...routes.flatMap((made) => channelsPaths(made).map((path) => ({ ...made, path }))),
    ...redirects.map((redirect) =>
      route({
        ...redirect,
        handle: async ({ url }) => ({ status: 301, headers: { Location: slashedUrl(url) } }),
      }),
    ),
  ];
}
