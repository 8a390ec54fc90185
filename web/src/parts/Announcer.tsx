import { announced } from "./announce.ts";

/** The two live regions: once on each page, there before anything is said. */
export const Announcer = () => (
  <>
    <div class="unseen" aria-live="polite">
      <span key={announced.polite.value.turn}>{announced.polite.value.text}</span>
    </div>
    <div class="unseen" aria-live="assertive">
      <span key={announced.assertive.value.turn}>{announced.assertive.value.text}</span>
    </div>
  </>
);
