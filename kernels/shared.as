// Threads that work on one sample's steps together. A step's parts are tasks, counted through from the run's first. Whoever
// is free takes the next, once all that it waits for are done: nobody waits for a thread that has no task, which the
// system may have put to sleep.

// How far one sample has come.
@unmanaged
export class Progress {
  // Tasks taken.
  taken: u32;
  // Tasks done.
  done: u32;
  // Threads that sleep until more is done.
  sleepers: u32;
}

// A thread that waits looks so often before it sleeps.
const LOOKS = 40000;

// The first task that nobody has taken.
export function nextTask(progress: Progress): u32 {
  return atomic.load<u32>(changetype<u32>(progress) + offsetof<Progress>("taken"));
}

// Takes a task, if it is still the next.
export function take(progress: Progress, task: u32): bool {
  return atomic.cmpxchg<u32>(changetype<u32>(progress) + offsetof<Progress>("taken"), task, task + 1) == task;
}

// Counts a task as done.
export function finish(progress: Progress): void {
  const done = changetype<u32>(progress) + offsetof<Progress>("done");
  atomic.add<u32>(done, 1);
  if (atomic.load<u32>(changetype<u32>(progress) + offsetof<Progress>("sleepers")) > 0) atomic.notify(done, -1);
}

// Waits until so many tasks are done.
export function waitFor(progress: Progress, tasks: u32): void {
  const address = changetype<u32>(progress) + offsetof<Progress>("done");
  for (let look = 0; look < LOOKS; look++) {
    if (atomic.load<u32>(address) >= tasks) return;
  }
  const sleepers = changetype<u32>(progress) + offsetof<Progress>("sleepers");
  atomic.add<u32>(sleepers, 1);
  while (true) {
    const done = atomic.load<u32>(address);
    if (done >= tasks) break;
    atomic.wait<u32>(address, done, -1);
  }
  atomic.sub<u32>(sleepers, 1);
}
