import {createSend, type SendRequest} from '../../src/labs/client.ts';
import type {Random} from '../../src/random.ts';

export interface Item {
  readonly id: string;
  readonly name: string;
  readonly quantity: number;
}

export interface Client {
  readonly send: SendRequest;
  /** The item, or undefined where it was not acknowledged. */
  add(name: string, quantity: number): Promise<Item | undefined>;
}

export function createClient(base: string, random: Random): Client {
  const send = createSend(base, random);
  return {
    send,
    add: async (name, quantity) => {
      const {status, json} = await send('POST', '/v1/items', {body: {name, quantity}});
      return status === 201 && typeof json.id === 'string' ? {id: json.id, name, quantity} : undefined;
    },
  };
}

/** Nobody answered in time: on a machine that is busy this says nothing of the service. */
export function isLate(status: number | null): boolean {
  return status === null || status === 503 || status === 504;
}
