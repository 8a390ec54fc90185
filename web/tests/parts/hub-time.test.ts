import { effect } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hubTime } from "../../src/parts/hub-time.ts";

beforeEach(() => void vi.useFakeTimers({ now: Date.parse("2026-11-25T11:00:30Z") }));
afterEach(() => void vi.useRealTimers());

const at = (text: string) => Date.parse(text);

test("it is the hub's time, however wrong the device is", () => {
  const time = hubTime();
  time.isAheadBy(-3 * 365 * 24 * 3_600_000);
  expect(time.now()).toBe(at("2023-11-26T11:00:30Z"));
});

test("it runs while a clock is seen, and only then", () => {
  const time = hubTime();
  expect(vi.getTimerCount()).toBe(0);
  const seen: number[] = [];
  const stop = effect(() => void seen.push(time.second.value));
  vi.advanceTimersByTime(3000);
  expect(seen.map((one) => one - at("2026-11-25T11:00:30Z"))).toEqual([0, 1000, 2000, 3000]);
  stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(3000);
  expect(seen).toHaveLength(4);
});

test("the minute changes once a minute", () => {
  const time = hubTime();
  const seen: number[] = [];
  const stop = effect(() => void seen.push(time.minute.value));
  vi.advanceTimersByTime(90_000);
  expect(seen.map((one) => new Date(one).toISOString().slice(14, 19))).toEqual(["00:00", "01:00", "02:00"]);
  stop();
});
