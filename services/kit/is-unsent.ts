import {UnknownServiceError} from './links.ts';

/** Whether the connection could not be made, so that not a byte of the request has left. */
export function isUnsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof AggregateError) return error.errors.every(isUnsent);
  if (error instanceof UnknownServiceError) return true;
  return (
    code === 'ECONNREFUSED' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    code === 'EHOSTUNREACH' ||
    code === 'ENETUNREACH' ||
    code === 'ENOTFOUND'
  );
}
