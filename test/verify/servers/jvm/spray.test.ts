import { describeServer } from '../../describe-server.ts';

describeServer('spray');
