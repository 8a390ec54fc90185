import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { InvitationPaper, ListedMember, People, WaitingMember } from "../../worker/agency-api.ts";
import type { Vault } from "../../worker/api.ts";
import type { Doing } from "../doing.ts";
import type { Fault } from "../fault.ts";
import { taking } from "../taking.ts";

export interface MembersState {
  readonly people: ReadonlySignal<People | null>;
  readonly handle: Signal<string>;
  readonly nameMn: Signal<string>;
  readonly nameEn: Signal<string>;
  readonly roles: Signal<readonly string[]>;
  /** What was heard. */
  readonly heard: Signal<string>;
  /** The six groups are shown, to be compared by eye. */
  readonly isShown: Signal<boolean>;
  /** The numbers did not match: nothing goes on from here. */
  readonly isStopped: Signal<boolean>;
  /** Just made, and shown once. */
  readonly paper: ReadonlySignal<InvitationPaper | null>;
  readonly load: () => Promise<void>;
  readonly waiting: (id: string | null) => WaitingMember | null;
  readonly member: (id: string | null) => ListedMember | null;
  /** Whether nobody else is an administrator. */
  readonly isLast: (id: string) => boolean;
  readonly beginInviting: (agency: string) => void;
  readonly invite: () => Promise<boolean>;
  /** The same member, with new keys. */
  readonly inviteAgain: (member: ListedMember) => Promise<boolean>;
  readonly withdraw: (id: string) => Promise<boolean>;
  readonly turnAway: (id: string) => Promise<boolean>;
  readonly beginComparing: () => void;
  readonly compare: (who: WaitingMember) => Promise<boolean>;
  /** Both have seen that they match. */
  readonly confirm: (who: WaitingMember, number: string) => Promise<boolean>;
  readonly beginRoles: (member: ListedMember) => void;
  readonly changeRoles: (id: string) => Promise<boolean>;
  readonly end: (id: string) => Promise<boolean>;
  /** Nothing of it stays in sight. */
  readonly clear: () => void;
}

const HANDLE = /^[a-z0-9][a-z0-9.-]{1,78}[a-z0-9]$/;
const GROUPS = /^\d{30}$/;

export const membersState = (vault: Vault, doing: Doing): MembersState => {
  const people = signal<People | null>(null);
  const [handle, nameMn, nameEn, heard] = [signal(""), signal(""), signal(""), signal("")];
  const roles = signal<readonly string[]>([]);
  const [isShown, isStopped] = [signal(false), signal(false)];
  const paper = signal<InvitationPaper | null>(null);

  const taken = taking();

  const load = () => taken.into(people, vault.people());
  const version = () => people.value?.version ?? 0;
  const change = (call: () => Promise<void>) =>
    doing.attempt(async () => {
      await call();
      await load();
    }, load);

  const confirm = (who: WaitingMember, number: string) =>
    change(async () => {
      try {
        await vault.confirmMember(version(), who.id, number);
      } catch (error) {
        isStopped.value = isSwapped(error);
        if (!isStopped.value) throw error;
      }
    });

  return {
    people,
    handle,
    nameMn,
    nameEn,
    roles,
    heard,
    isShown,
    isStopped,
    paper,
    load: () => doing.look(load),
    waiting: (id) => people.value?.waiting.find((one) => one.id === id) ?? null,
    member: (id) => people.value?.members.find((one) => one.id === id) ?? null,
    isLast: (id) => {
      const administrators = (people.value?.members ?? []).filter((one) => one.roles.includes("administrator"));
      return administrators.length === 1 && administrators[0]!.id === id;
    },
    beginInviting: (agency) => {
      handle.value = `${agency}.`;
      nameMn.value = "";
      nameEn.value = "";
      roles.value = ["focal_point"];
    },
    invite: async () => {
      const faults: Fault[] = [];
      if (!HANDLE.test(handle.value.trim())) faults.push({ field: "agency-handle", key: "agency.needs_handle" });
      if (nameMn.value.trim() === "") faults.push({ field: "agency-name", key: "agency.needs_name" });
      if (nameEn.value.trim() === "") faults.push({ field: "agency-name-en", key: "agency.needs_name" });
      if (roles.value.length === 0) faults.push({ field: "agency-roles", key: "agency.needs_roles" });
      doing.fail(faults);
      if (faults.length > 0) return false;
      return change(async () => {
        const names = { mn: nameMn.value.trim(), en: nameEn.value.trim() };
        await taken.into(paper, vault.invite({ handle: handle.value.trim(), names }, roles.value, null));
      });
    },
    inviteAgain: (member) =>
      change(async () => {
        const { id, names } = member;
        await taken.into(paper, vault.invite({ handle: member.handle, names }, member.roles, id));
      }),
    withdraw: (id) => change(() => vault.withdrawInvitation(id)),
    turnAway: (id) => change(() => vault.turnAway(id)),
    beginComparing: () => {
      heard.value = "";
      isShown.value = false;
      isStopped.value = false;
    },
    compare: async (who) => {
      const number = heard.value.replace(/[\s-]/g, "");
      if (!GROUPS.test(number)) {
        doing.fail([{ field: "agency-heard", key: "agency.needs_number" }]);
        return false;
      }
      let isSame = false;
      const asked = await doing.attempt(async () => {
        isSame = await vault.numbersMatch(who.id, number);
        isStopped.value = !isSame;
      });
      return asked && isSame && confirm(who, number);
    },
    confirm,
    beginRoles: (member) => {
      roles.value = member.roles;
    },
    changeRoles: async (id) => {
      if (roles.value.length === 0) {
        doing.fail([{ field: "agency-roles", key: "agency.needs_roles" }]);
        return false;
      }
      return change(() => vault.changeRoles(version(), id, roles.value));
    },
    end: (id) => change(() => vault.endMember(version(), id)),
    clear: () => {
      taken.clear();
      people.value = null;
      paper.value = null;
      heard.value = "";
    },
  };
};

/** The hub hands out other keys than those whose number was compared. */
const isSwapped = (error: unknown): boolean => {
  const problem = (error as { problem?: { code?: unknown } } | null)?.problem;
  return problem?.code === "key_mismatch";
};
