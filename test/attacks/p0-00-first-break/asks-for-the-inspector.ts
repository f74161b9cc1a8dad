import {Session} from 'node:inspector';
import type {Compose} from 'teralab/gateway/seams/compose';
import {compose as honest} from './honest.ts';

/** Would read the supervisor's secret out of the kit. */
new Session().connect();

export const compose: Compose = honest;
