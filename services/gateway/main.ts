import {runService} from '../kit/service.ts';
import {gateway} from './gateway.ts';

void runService(gateway);
