import type {ServerResponse} from 'node:http';
import {PROBLEM_TYPE, Problem, problemDocument} from '../kit/problem.ts';

/** Answers in the place of what could not be reached, as services do. */
export function answerProblem(response: ServerResponse, status: number, detail: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = problemDocument(new Problem({status, detail}));
  response.writeHead(status, {'content-type': PROBLEM_TYPE, 'content-length': Buffer.byteLength(body)}).end(body);
}
