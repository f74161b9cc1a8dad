import {createHash, randomInt} from 'node:crypto';
import type {CreateTrafficSplit} from './traffic-split.ts';

const PARTS = 2 ** 32;

/**
 * Who asks for a release by name gets it. Of the others a share is drawn by client, so that nobody goes back and forth; a greater share keeps
 * those whom a smaller one had. Requests of nobody known are drawn one by one.
 */
export const createTrafficSplit: CreateTrafficSplit = ({rules}) => ({
  laneOf({service, wanted, client}) {
    const all = rules();
    const rule = Object.hasOwn(all, service) ? all[service] : undefined;
    if (rule === undefined) return wanted === undefined ? undefined : {only: wanted};
    if (wanted !== undefined) return {only: wanted};
    const drawn = client === undefined ? randomInt(PARTS) : placeOf(service, rule.release, client);
    return drawn < rule.share * PARTS ? {only: rule.release} : {without: rule.release};
  },
});

/** Another release draws other clients: it is not always the same ones who try everything first. */
function placeOf(service: string, release: string, client: string): number {
  return createHash('sha256').update(`${service}\0${release}\0${client}`).digest().readUInt32BE();
}
