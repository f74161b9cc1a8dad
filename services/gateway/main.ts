import {runService} from '../kit/service.ts';
import {gateway} from './gateway.ts';

await runService(gateway);
