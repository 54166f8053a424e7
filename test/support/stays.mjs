/** Appends its process id to the file that it is given, and stays. */
import { appendFileSync } from 'node:fs';

appendFileSync(process.argv[2], `${process.pid}\n`);
setInterval(() => {}, 60_000);
