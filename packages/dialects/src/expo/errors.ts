import { given } from '../payload/outbound.ts';
import type { PresentRestError } from '../rest.ts';
import { retryHeaders, statusOf, validatorErrors } from '../rest-error.ts';

/** `{error, code, errors?}` */
export const presentExpoError: PresentRestError = (rejection) => ({
  status: statusOf(rejection),
  body: {
    error: rejection.message,
    code: rejection.code,
    ...given('errors', validatorErrors(rejection)),
  },
  ...retryHeaders(rejection),
});
