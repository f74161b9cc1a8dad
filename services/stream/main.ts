import {runService} from '../kit/service.ts';
import {stream} from './stream.ts';

void runService(stream);
