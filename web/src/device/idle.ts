/** Locking over the work when nobody has touched it for a while. */

const LOOK_EVERY = 5000;

/** Whether it is time. Also when the device slept through it, or its clock was put back. Milliseconds. */
export const isIdle = (touched: number, now: number, after: number): boolean => now - touched >= after || now < touched;

/** after: milliseconds, asked each time. Returns how to stop. A touch after the time was up does not save it. */
export const whenIdle = (after: () => number, lock: () => void): (() => void) => {
  let touched = Date.now();
  const stopping = new AbortController();
  const look = () => {
    if (isIdle(touched, Date.now(), after())) {
      touched = Date.now();
      lock();
    }
  };
  const touch = () => {
    look();
    touched = Date.now();
  };
  for (const kind of ["pointerdown", "keydown", "wheel"])
    addEventListener(kind, touch, { capture: true, passive: true, signal: stopping.signal });
  document.addEventListener("visibilitychange", look, { signal: stopping.signal });
  const timer = setInterval(look, LOOK_EVERY);
  return () => {
    clearInterval(timer);
    stopping.abort();
  };
};
