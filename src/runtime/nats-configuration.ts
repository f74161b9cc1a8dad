export const NATS_USER = 'teralab';

export interface NatsPlaces {
  /** `host:port`. */
  readonly listen: string;
  readonly storeFolder: string;
  readonly password: string;
  readonly pidFile?: string;
  /** Each message is on the disk before it is acknowledged, which servers can from 2.10 on. */
  readonly syncsAlways: boolean;
}

/** The configuration of a broker's NATS server. The password is in it and in no argument. */
export function natsConfiguration({listen, storeFolder, password, pidFile, syncsAlways}: NatsPlaces): string {
  const lines = [
    `listen: ${text(listen)}`,
    ...(pidFile === undefined ? [] : [`pid_file: ${text(pidFile)}`]),
    'jetstream {',
    `  store_dir: ${text(storeFolder)}`,
    ...(syncsAlways ? ['  sync_interval: always'] : []),
    '}',
    `authorization { user: ${text(NATS_USER)}, password: ${text(password)} }`,
  ];
  return `${lines.join('\n')}\n`;
}

function text(value: string): string {
  return JSON.stringify(value);
}
