// What Lambda's runtime does, in few lines: imports the handler of a bundle, calls it once and says what it answered.
// A file, since worker threads inherit the flags of a script on the command line; JavaScript, to start as fast as Lambda's.
const { file, name, event, mark } = JSON.parse(process.argv[2]);
const { handler } = await import(file);
const importedMs = performance.now();
const context = { awsRequestId: "request-1", functionName: name, getRemainingTimeInMillis: () => 29_000 };
const answer = await handler(event, context);
const answeredMs = performance.now();
const { user, system } = process.cpuUsage();
const told = JSON.stringify({ answer, importedMs, answeredMs, cpuMs: (user + system) / 1000 });
process.stdout.write(mark + told, () => process.exit(0));
