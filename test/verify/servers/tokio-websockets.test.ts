import { describeServer } from '../describe-server.ts';

describeServer('tokio-websockets');
