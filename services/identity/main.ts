import {runService} from '../kit/service.ts';
import {identity} from './identity.ts';

void runService(identity);
