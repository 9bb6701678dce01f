// Threads that work on one sample's steps together. The parts of steps are tasks, numbered from the start of the run. A free
// thread takes the next task once the tasks on which it depends are done. No thread waits for one that has no task, which the
// operating system may have suspended.

// The progress of a sample.
@unmanaged
export class Progress {
  // Number of tasks taken.
  taken: u32;
  // Number of tasks done.
  done: u32;
  // Number of threads that sleep until more tasks are done.
  sleepers: u32;
}

// Number of times that a waiting thread checks before it sleeps.
const LOOKS = 40000;

// The first task that has not been taken.
export function nextTask(progress: Progress): u32 {
  return atomic.load<u32>(changetype<u32>(progress) + offsetof<Progress>("taken"));
}

// Takes a task if no other thread has taken it.
export function take(progress: Progress, task: u32): bool {
  return atomic.cmpxchg<u32>(changetype<u32>(progress) + offsetof<Progress>("taken"), task, task + 1) == task;
}

// Counts a task as done.
export function finish(progress: Progress): void {
  const done = changetype<u32>(progress) + offsetof<Progress>("done");
  atomic.add<u32>(done, 1);
  if (atomic.load<u32>(changetype<u32>(progress) + offsetof<Progress>("sleepers")) > 0) atomic.notify(done, -1);
}

// Waits until `count` tasks are done.
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
