import {Type} from 'typebox';
import {runService, type ServiceDefinition} from '../service.ts';

/** A service that does nothing but what tests of the kit need. */
export const blank: ServiceDefinition = {
  name: 'blank',
  ...(process.env.DATABASE_URL === undefined
    ? {}
    : {database: {migrations: [{name: '001-notes', up: 'create table notes (text text)', down: 'drop table notes'}]}}),
  async build({app, clock, seam, ...kit}) {
    const greet = await seam('greeting', 'greet', (name: string) => `Hello ${name}`);
    app.get('/greet/:name', {schema: {params: Type.Object({name: Type.String()})}}, ({params}) => ({
      text: greet(params.name),
    }));
    app.get('/slow/:ms', {schema: {params: Type.Object({ms: Type.Integer()})}}, async ({params}) => {
      kit.log.info({}, 'slow work began');
      await clock.sleep(params.ms);
      return {slept: params.ms};
    });
    app.post('/notes', {schema: {body: Type.Object({text: Type.String()})}}, async ({body}) => {
      await kit.database.transaction(transaction => transaction.query('insert into notes values ($1)', [body.text]));
      return {stored: body.text};
    });
    kit.onStop(async () => kit.log.info({}, 'stop hook ran'));
  },
};

if (process.env.CONTROL_FD !== undefined) await runService(blank);
