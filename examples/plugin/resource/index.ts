// A plugin in AssemblyScript: the label "resource" says what a failure lacked.
// It needs three exported functions and no library. The request is searched and not
// parsed, which is enough for an errno.
const resources = new Map<string, string>();
resources.set("ENOSPC", "disk");
resources.set("EDQUOT", "disk");
resources.set("ENOMEM", "memory");
resources.set("EMFILE", "files");
resources.set("ECONNREFUSED", "service");

const errno = '"errno":"';

// The request and the latest answer, which must stay where they are.
let request = new ArrayBuffer(0);
let answer = new ArrayBuffer(0);

export function enricher_v1_alloc(n: i32): usize {
  if (request.byteLength < n) request = new ArrayBuffer(n);
  return changetype<usize>(request);
}

export function enricher_v1_create(ptr: usize, n: i32): u64 {
  return reply('{"v":1,"name":"resource","version":"v1.0.0","outputKeys":["resource"]}');
}

export function enricher_v1_process(ptr: usize, n: i32): u64 {
  const failure = String.UTF8.decodeUnsafe(ptr, n);
  for (let at = failure.indexOf(errno); at >= 0; at = failure.indexOf(errno, at + 1)) {
    const from = at + errno.length;
    const name = failure.substring(from, failure.indexOf('"', from));
    if (resources.has(name)) return reply('{"labels":{"resource":"' + resources.get(name) + '"}}');
  }
  return reply("{}");
}

function reply(text: string): u64 {
  answer = String.UTF8.encode(text);
  return ((<u64>changetype<usize>(answer)) << 32) | (<u64>answer.byteLength);
}
