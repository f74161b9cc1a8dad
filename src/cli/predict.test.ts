import {describe, expect, it} from 'vitest';
import type {AskedPrediction} from '../controller/protocol.ts';
import type {AnyLab} from '../labs/lab.ts';
import {parseAnswer} from '../labs/predict/answer.ts';
import {predictsDuration} from '../labs/predict/testing.ts';
import {sealFirst} from './predict.ts';
import {fakeRun} from './testing.ts';

const lab = {id: 'p1-05-fewer-calls', predict: predictsDuration} as unknown as AnyLab;
const asked: AskedPrediction = {
  moment: 'break',
  seed: 7,
  question: {kind: 'interval', unit: 'ms', widthMax: 100, text: '50 calls, 20 ms a hop: how long?'},
  sealed: null,
};

async function sealing(due: AskedPrediction | null, options: Parameters<typeof sealFirst>[4], of = lab) {
  const run = fakeRun({
    answers: {
      'predict.ask': () => due,
      'predict.seal': ({answer}) => ({...asked, sealed: parseAnswer(asked.question, answer)}),
    },
  });
  const client = await run.context.controllers.ensure('/nowhere', () => undefined);
  const sealed = await sealFirst(run.context, client, of, 'break', options);
  return {sealed, stderr: run.stderr(), methods: run.calls.map(({method}) => method)};
}

describe('a prediction on the command line', () => {
  it('is sealed from --predict before anything runs', async () => {
    const {sealed, stderr, methods} = await sealing(asked, {answer: '950..1050', insist: true});
    expect(sealed?.sealed).toEqual({low: 950, high: 1050});
    expect(stderr).toContain('Sealed: 950 to 1050 ms.');
    expect(methods).toEqual(['predict.ask', 'predict.seal']);
  });

  it('without a terminal and without the flag is an error that states the question and names the flag', async () => {
    const error = await sealing(asked, {insist: true}).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({code: 'PREDICTION_NEEDED', exit: 2});
    expect(String(error)).toContain('50 calls, 20 ms a hop: how long?');
    expect(String(error)).toContain('`teralab break p1-05-fewer-calls --predict LOW..HIGH`');
    await expect(sealing(asked, {seed: 9, insist: true})).rejects.toThrow('--seed 9 --predict');
  });

  it('is not taken twice, and a bad one is told', async () => {
    const sealed = {...asked, sealed: {low: 1, high: 2}};
    await expect(sealing(sealed, {answer: '3..4', insist: true})).rejects.toMatchObject({code: 'PREDICTION_SEALED'});
    expect((await sealing(sealed, {insist: true})).sealed).toEqual(sealed);
    await expect(sealing(asked, {answer: '0..5000', insist: true})).rejects.toMatchObject({code: 'BAD_PREDICTION'});
  });

  it('is nothing where none is due, and refused where the lab asks for none', async () => {
    expect((await sealing(null, {insist: true})).sealed).toBeUndefined();
    expect((await sealing(null, {answer: '1', insist: true})).stderr).toContain('No prediction is due');
    const other = {id: 'p0-00-first-break'} as AnyLab;
    expect((await sealing(asked, {insist: true}, other)).methods).toEqual([]);
    await expect(sealing(asked, {answer: '1', insist: true}, other)).rejects.toThrow('asks for no prediction');
  });
});
