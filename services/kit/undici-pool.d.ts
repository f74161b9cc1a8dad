// Only these two parts of undici are loaded: the package's index also brings fetch, caches and mocks, 60 ms and 10 MB of them.
declare module 'undici/lib/dispatcher/pool.js' {
  import {Pool} from 'undici';

  export default Pool;
}

declare module 'undici/lib/api/api-request.js' {
  import type {Dispatcher} from 'undici';

  export default function request(
    this: Dispatcher,
    options: Dispatcher.RequestOptions,
  ): Promise<Dispatcher.ResponseData>;
}
