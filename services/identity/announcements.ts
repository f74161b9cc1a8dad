import {Type} from 'typebox';
import type {App} from '../kit/server.ts';
import type {Kit} from '../kit/service.ts';
import {addToOutbox} from './outbox.ts';
import {createSharing as defaultSharing} from './seams/sharing.default.ts';

const Nothing = Type.Object({}, {additionalProperties: false});
const Announced = Type.Object({accounts: Type.Integer()});

/**
 * What others may have of the accounts. `POST /v1/account-announcements` is an operator's, and among no gateway's routes by default; who may reach this service is up to
 * the network.
 */
export async function serveAnnouncements(app: App, kit: Kit): Promise<void> {
  const {database, log} = kit;
  const createSharing = await kit.seam('sharing', 'createSharing', defaultSharing);
  const sharing = createSharing({database, emit: addToOutbox, log});
  kit.onStart(async () => {
    for (const statement of sharing.grants) await database.query(statement);
  });
  const schema = {summary: 'Tell of all accounts that there are', body: Nothing, response: {200: Announced}};
  app.post('/v1/account-announcements', {schema}, async () => ({accounts: await sharing.announce()}));
}
