import { given } from '../payload/outbound.ts';
import type { PresentRestError } from '../rest.ts';
import { retryHeaders, statusOf, validatorErrors } from '../rest-error.ts';

/** `{message, error, code, errors?}`: clients read the text under either name. */
export const presentRoomsError: PresentRestError = (rejection) => ({
  status: statusOf(rejection),
  body: {
    message: rejection.message,
    error: rejection.message,
    code: rejection.code,
    ...given('errors', validatorErrors(rejection)),
  },
  ...retryHeaders(rejection),
});
