import {runService} from '../kit/service.ts';
import {identity} from './identity.ts';

await runService(identity);
