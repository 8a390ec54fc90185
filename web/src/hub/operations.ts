/** Made by scripts/operations.ts from ../graphql (`npm run operations`): not to be changed by hand. */

import type { Operation } from "./query.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type SealedInput = {
  readonly envelope: string;
  readonly parts?: ReadonlyArray<PartInput>;
  readonly wraps?: ReadonlyArray<WrapInput>;
  readonly keys?: ReadonlyArray<KeyInput>;
};

export type PartInput = {
  readonly name: string;
  readonly ciphertext: string;
};

export type WrapInput = {
  readonly agency: string;
  readonly wrap: string;
};

export type KeyInput = {
  readonly part: string;
  readonly agency: string;
  readonly key: string;
};

export type NotificationsInput = {
  readonly address: string;
  readonly language: string;
  readonly urgencies: ReadonlyArray<string>;
  readonly workingHours: boolean;
  readonly digestHour?: number | null | undefined;
};

export type ServiceInput = {
  readonly code: string;
  readonly name: string;
  readonly nameEn: string;
  readonly places: ReadonlyArray<string>;
  readonly languages: ReadonlyArray<string>;
  readonly schedule: ReadonlyArray<OpeningHoursInput>;
  readonly exceptions: ReadonlyArray<ExceptionalHoursInput>;
  readonly openOnHolidays?: boolean | null | undefined;
  readonly minAge?: number | null | undefined;
  readonly maxAge?: number | null | undefined;
  readonly genders: ReadonlyArray<string>;
  readonly dependants: boolean;
  readonly capacity?: number | null | undefined;
  readonly taken: number;
};

export type OpeningHoursInput = {
  readonly days: string;
  readonly opens: string;
  readonly closes: string;
};

export type ExceptionalHoursInput = {
  readonly date: string;
  readonly opens?: string | null | undefined;
  readonly closes?: string | null | undefined;
};

export type ContactInput = {
  readonly place: string;
  readonly phone: string;
  readonly dutyPhone: string;
  readonly email: string;
};

export type NamesInput = {
  readonly handle: string;
  readonly name: string;
  readonly nameEn: string;
};

export type AccountInput = {
  readonly login: string;
  readonly auth: string;
  readonly keyring: KeyringInput;
  readonly totp: string;
  readonly code: string;
};

export type KeyringInput = {
  readonly sealed: string;
  readonly unlocks: ReadonlyArray<UnlockInput>;
};

export type UnlockInput = {
  readonly id: string;
  readonly method: string;
  readonly sealed: string;
  readonly passkey?: string | null | undefined;
};

export type MemberKeysInput = {
  readonly id: string;
  readonly key: string;
  readonly kem: string;
};

export type SeedInput = {
  readonly member: string;
  readonly epoch: number;
  readonly sealed: string;
};

export type AgencyInput = {
  readonly handle: string;
  readonly kind: string;
  readonly name: string;
  readonly nameEn: string;
};

export type SecondFactorInput = {
  readonly totp?: string | null | undefined;
  readonly recovery?: string | null | undefined;
  readonly passkey?: string | null | undefined;
};

export type ActivityLogQueryVariables = Exact<{
  after: number;
}>;


export type ActivityLogQuery = { readonly activityLog: { readonly consistency: ReadonlyArray<string>, readonly checkpoint: { readonly note: string, readonly size: number, readonly root: string } | null } };

export type ActivityToCosignQueryVariables = Exact<{
  after: number;
}>;


export type ActivityToCosignQuery = { readonly activityToCosign: { readonly consistency: ReadonlyArray<string>, readonly checkpoint: { readonly note: string, readonly size: number, readonly root: string } | null } };

export type AddPartnerMutationVariables = Exact<{
  names: NamesInput;
  keys: MemberKeysInput;
  role: string;
}>;


export type AddPartnerMutation = { readonly addPartner: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } };

export type AddPasskeyMutationVariables = Exact<{
  response: string;
  name: string;
  unlock?: UnlockInput | null | undefined;
}>;


export type AddPasskeyMutation = { readonly addPasskey: { readonly id: string, readonly name: string, readonly createdAt: string, readonly usedAt: string | null } };

export type AgencyKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type AgencyKeysQuery = { readonly agencyKeys: ReadonlyArray<{ readonly epoch: number, readonly sealed: string }> };

export type AlternativesQueryVariables = Exact<{
  referral: string;
}>;


export type AlternativesQuery = { readonly alternatives: ReadonlyArray<{ readonly agency: string, readonly agreed: boolean, readonly gives: ReadonlyArray<{ readonly takesNow: boolean, readonly openUntil: string | null, readonly service: { readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> }, readonly contact: { readonly agency: string, readonly kind: string, readonly name: string, readonly nameEn: string, readonly place: string, readonly phone: string, readonly dutyPhone: string, readonly email: string, readonly receiving: boolean }, readonly whyNot: ReadonlyArray<{ readonly code: string, readonly until: string | null, readonly least: number | null, readonly most: number | null, readonly codes: ReadonlyArray<string> }> }> }> | null };

export type ApiTokensQueryVariables = Exact<{ [key: string]: never; }>;


export type ApiTokensQuery = { readonly apiTokens: ReadonlyArray<{ readonly id: string, readonly name: string, readonly scopes: ReadonlyArray<string>, readonly createdAt: string, readonly usedAt: string, readonly expiresAt: string | null, readonly member: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } }> };

export type ApplicationsQueryVariables = Exact<{ [key: string]: never; }>;


export type ApplicationsQuery = { readonly applications: ReadonlyArray<{ readonly id: string, readonly handle: string, readonly kind: string, readonly name: string, readonly nameEn: string, readonly createdAt: string, readonly admin: { readonly key: string, readonly kem: string, readonly roles: ReadonlyArray<string>, readonly since: string, readonly member: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } } }> };

export type ApplyMutationVariables = Exact<{
  agency: AgencyInput;
  names: NamesInput;
  keys: MemberKeysInput;
  account: AccountInput;
}>;


export type ApplyMutation = { readonly apply: { readonly token: string, readonly recoveryCodes: ReadonlyArray<string>, readonly member: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } } };

export type BeginPasskeyMutationVariables = Exact<{
  auth: string;
}>;


export type BeginPasskeyMutation = { readonly beginPasskey: string };

export type BeginPasskeySignInMutationVariables = Exact<{ [key: string]: never; }>;


export type BeginPasskeySignInMutation = { readonly beginPasskeySignIn: string };

export type CandidatesQueryVariables = Exact<{ [key: string]: never; }>;


export type CandidatesQuery = { readonly candidates: ReadonlyArray<{ readonly key: string, readonly kem: string, readonly roles: ReadonlyArray<string>, readonly since: string, readonly member: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } }> };

export type ChainQueryVariables = Exact<{
  consent: string;
}>;


export type ChainQuery = { readonly chain: ReadonlyArray<{ readonly id: string, readonly state: string, readonly sentAt: string, readonly envelope: string, readonly sha256: string }> | null };

export type ChangeAuthenticatorMutationVariables = Exact<{
  auth: string;
  totp: string;
  code: string;
}>;


export type ChangeAuthenticatorMutation = { readonly changeAuthenticator: boolean };

export type ChangePassphraseMutationVariables = Exact<{
  auth: string;
  newAuth: string;
  keyring: KeyringInput;
  version: number;
}>;


export type ChangePassphraseMutation = { readonly changePassphrase: { readonly login: string, readonly version: number, readonly sealed: string, readonly unlocks: ReadonlyArray<{ readonly id: string, readonly method: string, readonly sealed: string, readonly passkey: string | null }> } };

export type ClearFullMutationVariables = Exact<{
  id: string;
}>;


export type ClearFullMutation = { readonly clearFull: { readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> } };

export type ColleaguesQueryVariables = Exact<{ [key: string]: never; }>;


export type ColleaguesQuery = { readonly colleagues: ReadonlyArray<{ readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> }> };

export type ConfirmAddressMutationVariables = Exact<{
  digits: string;
}>;


export type ConfirmAddressMutation = { readonly confirmAddress: { readonly available: boolean, readonly address: string, readonly confirmed: boolean, readonly refused: boolean, readonly language: string, readonly urgencies: ReadonlyArray<string>, readonly workingHours: boolean, readonly digestHour: number | null } };

export type ConsentQueryVariables = Exact<{
  id: string;
}>;


export type ConsentQuery = { readonly consent: { readonly id: string, readonly recorder: string, readonly withdrawals: ReadonlyArray<string>, readonly decisions: ReadonlyArray<{ readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }> } | null };

export type CosignActivityMutationVariables = Exact<{
  size: number;
  line: string;
}>;


export type CosignActivityMutation = { readonly cosignActivity: boolean };

export type CosignDirectoryMutationVariables = Exact<{
  size: number;
  line: string;
}>;


export type CosignDirectoryMutation = { readonly cosignDirectory: boolean };

export type DirectoryQueryVariables = Exact<{
  after: number;
  first: number;
}>;


export type DirectoryQuery = { readonly directory: { readonly entries: ReadonlyArray<string>, readonly checkpoint: { readonly note: string, readonly size: number, readonly root: string } } };

export type DirectoryToCosignQueryVariables = Exact<{
  after: number;
  first: number;
}>;


export type DirectoryToCosignQuery = { readonly directoryToCosign: { readonly entries: ReadonlyArray<string>, readonly checkpoint: { readonly note: string, readonly size: number, readonly root: string } } };

export type EndServiceMutationVariables = Exact<{
  id: string;
}>;


export type EndServiceMutation = { readonly endService: boolean };

export type EndSessionMutationVariables = Exact<{
  id: string;
}>;


export type EndSessionMutation = { readonly endSession: boolean };

export type EnrolMutationVariables = Exact<{
  code: string;
  keys: MemberKeysInput;
  account: AccountInput;
}>;


export type EnrolMutation = { readonly enrol: { readonly token: string, readonly recoveryCodes: ReadonlyArray<string>, readonly member: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } } };

export type EvidenceQueryVariables = Exact<{
  consent: string;
}>;


export type EvidenceQuery = { readonly evidence: ReadonlyArray<{ readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } | null }> | null };

export type EvidenceListedQueryVariables = Exact<{
  after?: string | null | undefined;
  unsent?: boolean | null | undefined;
}>;


export type EvidenceListedQuery = { readonly evidenceListed: ReadonlyArray<{ readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }> };

export type EvidencePieceQueryVariables = Exact<{
  decision: string;
  part: string;
  offset: number;
}>;


export type EvidencePieceQuery = { readonly evidencePiece: string };

export type ExportTrailMutationVariables = Exact<{
  format: string;
  agency?: string | null | undefined;
  place?: string | null | undefined;
  service?: string | null | undefined;
  urgency?: string | null | undefined;
  basis?: string | null | undefined;
  state?: string | null | undefined;
  overdue: boolean;
  unanswered: boolean;
  withoutConsent: boolean;
  since?: string | null | undefined;
  until?: string | null | undefined;
}>;


export type ExportTrailMutation = { readonly exportTrail: { readonly name: string, readonly content: string, readonly rows: number, readonly record: string } };

export type FeedQueryVariables = Exact<{
  after: number;
  first: number;
}>;


export type FeedQuery = { readonly feed: ReadonlyArray<{ readonly sequence: number, readonly kind: string, readonly referral: string | null, readonly event: string | null, readonly at: string }> };

export type FilePieceQueryVariables = Exact<{
  referral: string;
  event?: string | null | undefined;
  part: string;
  offset: number;
}>;


export type FilePieceQuery = { readonly filePiece: string };

export type FindServicesQueryVariables = Exact<{
  need: string;
  place?: string | null | undefined;
  language?: string | null | undefined;
  at?: string | null | undefined;
  age?: number | null | undefined;
  minor?: boolean | null | undefined;
  gender?: string | null | undefined;
  dependants?: number | null | undefined;
}>;


export type FindServicesQuery = { readonly findServices: ReadonlyArray<{ readonly takesNow: boolean, readonly openUntil: string | null, readonly service: { readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> }, readonly contact: { readonly agency: string, readonly kind: string, readonly name: string, readonly nameEn: string, readonly place: string, readonly phone: string, readonly dutyPhone: string, readonly email: string, readonly receiving: boolean }, readonly whyNot: ReadonlyArray<{ readonly code: string, readonly until: string | null, readonly least: number | null, readonly most: number | null, readonly codes: ReadonlyArray<string> }> }> };

export type FollowSubscriptionVariables = Exact<{
  after: number;
}>;


export type FollowSubscription = { readonly feed: { readonly sequence: number, readonly kind: string, readonly referral: string | null, readonly event: string | null, readonly at: string } };

export type HandOverMutationVariables = Exact<{
  seeds: ReadonlyArray<SeedInput> | SeedInput;
}>;


export type HandOverMutation = { readonly handOver: boolean };

export type HeldKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type HeldKeysQuery = { readonly heldKeys: ReadonlyArray<{ readonly member: string, readonly epoch: number }> };

export type IdsQueryVariables = Exact<{
  first: number;
  inboxAfter?: string | null | undefined;
  outboxAfter?: string | null | undefined;
}>;


export type IdsQuery = { readonly inbox: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } }, readonly outbox: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type InboxQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  state?: string | null | undefined;
  urgency?: string | null | undefined;
  need?: string | null | undefined;
  place?: string | null | undefined;
  counterpart?: string | null | undefined;
  overdue?: boolean;
  since?: string | null | undefined;
}>;


export type InboxQuery = { readonly inbox: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly tier: string, readonly node: { readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string }> } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null }, readonly counts: { readonly late: number, readonly clock: number, readonly ours: number, readonly waiting: number } } };

export type InvitationQueryVariables = Exact<{
  code: string;
}>;


export type InvitationQuery = { readonly invitation: { readonly id: string, readonly agency: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly roles: ReadonlyArray<string>, readonly member: string | null, readonly expiresAt: string } };

export type InvitationsQueryVariables = Exact<{ [key: string]: never; }>;


export type InvitationsQuery = { readonly invitations: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly roles: ReadonlyArray<string>, readonly member: string | null, readonly expiresAt: string }> };

export type InviteMutationVariables = Exact<{
  names: NamesInput;
  roles: ReadonlyArray<string> | string;
  again?: string | null | undefined;
}>;


export type InviteMutation = { readonly invite: { readonly code: string, readonly listed: { readonly id: string, readonly agency: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly roles: ReadonlyArray<string>, readonly member: string | null, readonly expiresAt: string } } };

export type IssueApiTokenMutationVariables = Exact<{
  member: string;
  name: string;
  scopes: ReadonlyArray<string> | string;
  days: number;
}>;


export type IssueApiTokenMutation = { readonly issueApiToken: { readonly token: string, readonly listed: { readonly id: string, readonly name: string, readonly scopes: ReadonlyArray<string>, readonly createdAt: string, readonly usedAt: string, readonly expiresAt: string | null, readonly member: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } } } };

export type KemKeysQueryVariables = Exact<{
  hashes: ReadonlyArray<string> | string;
}>;


export type KemKeysQuery = { readonly kemKeys: ReadonlyArray<{ readonly sha256: string, readonly key: string }> };

export type KeyringQueryVariables = Exact<{ [key: string]: never; }>;


export type KeyringQuery = { readonly keyring: { readonly login: string, readonly version: number, readonly sealed: string, readonly unlocks: ReadonlyArray<{ readonly id: string, readonly method: string, readonly sealed: string, readonly passkey: string | null }> } | null };

export type KitSignInMutationVariables = Exact<{
  member: string;
  challenge: string;
  proof: string;
}>;


export type KitSignInMutation = { readonly kitSignIn: string };

export type LastSeenQueryVariables = Exact<{ [key: string]: never; }>;


export type LastSeenQuery = { readonly lastSeen: ReadonlyArray<{ readonly member: string, readonly day: string }> };

export type LoggedQueryVariables = Exact<{
  size: number;
  documents: ReadonlyArray<string> | string;
}>;


export type LoggedQuery = { readonly logged: ReadonlyArray<{ readonly document: string, readonly salt: string, readonly index: number, readonly proof: ReadonlyArray<string> }> };

export type LookWithReceiptMutationVariables = Exact<{
  receipt: string;
}>;


export type LookWithReceiptMutation = { readonly lookWithReceipt: { readonly mode: string, readonly documents: ReadonlyArray<string>, readonly recorder: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string }, readonly holders: ReadonlyArray<{ readonly to: string, readonly sections: ReadonlyArray<string>, readonly purposes: ReadonlyArray<string>, readonly until: string | null, readonly refused: ReadonlyArray<string>, readonly ended: string | null, readonly basis: string | null, readonly agency: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string } | null, readonly reviewer: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string } | null, readonly referrals: ReadonlyArray<{ readonly state: string, readonly sentAt: string, readonly openedAt: string | null, readonly answeredAt: string | null, readonly parts: ReadonlyArray<string>, readonly owesDeletion: boolean, readonly deletedAt: string | null, readonly outOfBackupsAt: string | null }> }> | null } };

export type LooksQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  agency?: string | null | undefined;
  what?: string | null | undefined;
  since?: string | null | undefined;
}>;


export type LooksQuery = { readonly looks: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly node: { readonly agency: string, readonly member: string, readonly what: string, readonly referral: string | null, readonly wanted: string, readonly count: number, readonly at: string, readonly record: string | null } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { readonly me: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> } };

export type MovePracticeClockMutationVariables = Exact<{
  seconds: number;
}>;


export type MovePracticeClockMutation = { readonly movePracticeClock: { readonly now: string, readonly fired: ReadonlyArray<{ readonly referral: string, readonly kind: string }> } };

export type NetworkQueryVariables = Exact<{ [key: string]: never; }>;


export type NetworkQuery = { readonly network: { readonly id: string, readonly practice: boolean, readonly now: string, readonly directory: { readonly note: string, readonly size: number, readonly root: string } } };

export type NewChallengeMutationVariables = Exact<{ [key: string]: never; }>;


export type NewChallengeMutation = { readonly newChallenge: string };

export type NewRecoveryCodesMutationVariables = Exact<{
  auth: string;
}>;


export type NewRecoveryCodesMutation = { readonly newRecoveryCodes: ReadonlyArray<string> };

export type NotificationsQueryVariables = Exact<{ [key: string]: never; }>;


export type NotificationsQuery = { readonly notifications: { readonly available: boolean, readonly address: string, readonly confirmed: boolean, readonly refused: boolean, readonly language: string, readonly urgencies: ReadonlyArray<string>, readonly workingHours: boolean, readonly digestHour: number | null } };

export type OnwardQueryVariables = Exact<{
  referral: string;
  to: string;
  parts: ReadonlyArray<string> | string;
}>;


export type OnwardQuery = { readonly onward: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string } };

export type OpenReferralMutationVariables = Exact<{
  event: string;
}>;


export type OpenReferralMutation = { readonly openReferral: { readonly referral: { readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } | null, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } | null }> }, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } } };

export type OpeningsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  agency?: string | null | undefined;
  referral?: string | null | undefined;
  since?: string | null | undefined;
  until?: string | null | undefined;
}>;


export type OpeningsQuery = { readonly openings: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly node: { readonly referral: string, readonly sender: string, readonly recipient: string, readonly agency: string, readonly member: string, readonly at: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type OutboxQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  state?: string | null | undefined;
  urgency?: string | null | undefined;
  need?: string | null | undefined;
  place?: string | null | undefined;
  counterpart?: string | null | undefined;
  overdue?: boolean;
  since?: string | null | undefined;
}>;


export type OutboxQuery = { readonly outbox: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly tier: string, readonly node: { readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string }> } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null }, readonly counts: { readonly late: number, readonly clock: number, readonly ours: number, readonly waiting: number } } };

export type OverdueQueryVariables = Exact<{ [key: string]: never; }>;


export type OverdueQuery = { readonly overdue: ReadonlyArray<{ readonly referral: string, readonly sender: string, readonly recipient: string, readonly urgency: string, readonly owed: { readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean } }> };

export type OverseenQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  agency?: string | null | undefined;
  place?: string | null | undefined;
  service?: string | null | undefined;
  urgency?: string | null | undefined;
  basis?: string | null | undefined;
  state?: string | null | undefined;
  overdue: boolean;
  unanswered: boolean;
  withoutConsent: boolean;
  since?: string | null | undefined;
  until?: string | null | undefined;
}>;


export type OverseenQuery = { readonly overseen: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly node: { readonly referral: string, readonly sender: string, readonly recipient: string, readonly sentAt: string, readonly cameAt: string | null, readonly changedAt: string, readonly state: string, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly basis: string, readonly withoutConsent: boolean, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }> } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PasskeysQueryVariables = Exact<{ [key: string]: never; }>;


export type PasskeysQuery = { readonly passkeys: ReadonlyArray<{ readonly id: string, readonly name: string, readonly createdAt: string, readonly usedAt: string | null }> };

export type ProposalsQueryVariables = Exact<{ [key: string]: never; }>;


export type ProposalsQuery = { readonly proposals: ReadonlyArray<{ readonly envelope: string, readonly signatures: number, readonly threshold: number, readonly taken: boolean, readonly inForce: boolean }> };

export type ProposeMutationVariables = Exact<{
  document: string;
}>;


export type ProposeMutation = { readonly propose: { readonly envelope: string, readonly signatures: number, readonly threshold: number, readonly taken: boolean, readonly inForce: boolean } };

export type ProveSignatoryMutationVariables = Exact<{
  challenge: string;
  proof: string;
}>;


export type ProveSignatoryMutation = { readonly proveSignatory: boolean };

export type ProveWithReceiptMutationVariables = Exact<{
  receipt: string;
  after: number;
  documents: ReadonlyArray<string> | string;
}>;


export type ProveWithReceiptMutation = { readonly proveWithReceipt: { readonly networks: ReadonlyArray<string>, readonly log: { readonly consistency: ReadonlyArray<string>, readonly checkpoint: { readonly note: string, readonly size: number, readonly root: string } | null }, readonly logged: ReadonlyArray<{ readonly document: string, readonly salt: string, readonly index: number, readonly proof: ReadonlyArray<string> }> } };

export type PublishRosterMutationVariables = Exact<{
  roster: string;
  kemKeys: ReadonlyArray<string> | string;
  seeds: ReadonlyArray<SeedInput> | SeedInput;
}>;


export type PublishRosterMutation = { readonly publishRoster: boolean };

export type ReceiptChallengeMutationVariables = Exact<{ [key: string]: never; }>;


export type ReceiptChallengeMutation = { readonly receiptChallenge: { readonly challenge: string, readonly network: string, readonly now: string, readonly help: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string } | null } };

export type RecordConsentMutationVariables = Exact<{
  decisions: ReadonlyArray<SealedInput> | SealedInput;
}>;


export type RecordConsentMutation = { readonly recordConsent: ReadonlyArray<{ readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }> };

export type ReferralQueryVariables = Exact<{
  id: string;
}>;


export type ReferralQuery = { readonly referral: { readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } | null, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } | null }> } | null };

export type RemovePasskeyMutationVariables = Exact<{
  id: string;
  auth: string;
}>;


export type RemovePasskeyMutation = { readonly removePasskey: boolean };

export type ReviewsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  waiting: boolean;
}>;


export type ReviewsQuery = { readonly reviews: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly node: { readonly toDo: string | null, readonly secondedAt: string | null, readonly verdict: string | null, readonly reviewedAt: string | null, readonly referral: { readonly referral: string, readonly sender: string, readonly recipient: string, readonly sentAt: string, readonly cameAt: string | null, readonly changedAt: string, readonly state: string, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly basis: string, readonly withoutConsent: boolean, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }> } } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RevokeApiTokenMutationVariables = Exact<{
  id: string;
}>;


export type RevokeApiTokenMutation = { readonly revokeApiToken: boolean };

export type SaveContactMutationVariables = Exact<{
  contact: ContactInput;
}>;


export type SaveContactMutation = { readonly saveContact: { readonly agency: string, readonly kind: string, readonly name: string, readonly nameEn: string, readonly place: string, readonly phone: string, readonly dutyPhone: string, readonly email: string, readonly receiving: boolean } };

export type SaveKeyringMutationVariables = Exact<{
  sealed: string;
  version: number;
}>;


export type SaveKeyringMutation = { readonly saveKeyring: { readonly login: string, readonly version: number, readonly sealed: string, readonly unlocks: ReadonlyArray<{ readonly id: string, readonly method: string, readonly sealed: string, readonly passkey: string | null }> } };

export type SaveNotificationsMutationVariables = Exact<{
  notifications: NotificationsInput;
}>;


export type SaveNotificationsMutation = { readonly saveNotifications: { readonly available: boolean, readonly address: string, readonly confirmed: boolean, readonly refused: boolean, readonly language: string, readonly urgencies: ReadonlyArray<string>, readonly workingHours: boolean, readonly digestHour: number | null } };

export type SaveServiceMutationVariables = Exact<{
  id: string;
  service: ServiceInput;
}>;


export type SaveServiceMutation = { readonly saveService: { readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> } };

export type SendReferralsMutationVariables = Exact<{
  referrals: ReadonlyArray<SealedInput> | SealedInput;
}>;


export type SendReferralsMutation = { readonly sendReferrals: ReadonlyArray<{ readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string }> }> };

export type ServicesQueryVariables = Exact<{
  handle: string;
}>;


export type ServicesQuery = { readonly services: { readonly contact: { readonly agency: string, readonly kind: string, readonly name: string, readonly nameEn: string, readonly place: string, readonly phone: string, readonly dutyPhone: string, readonly email: string, readonly receiving: boolean }, readonly services: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> }> } | null };

export type SessionsQueryVariables = Exact<{ [key: string]: never; }>;


export type SessionsQuery = { readonly sessions: ReadonlyArray<{ readonly id: string, readonly name: string, readonly createdAt: string, readonly usedAt: string, readonly expiresAt: string | null, readonly current: boolean }> };

export type SetAcceptingMutationVariables = Exact<{
  id: string;
  accepting: boolean;
}>;


export type SetAcceptingMutation = { readonly setAccepting: { readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> } };

export type SetFullMutationVariables = Exact<{
  id: string;
  until: string;
}>;


export type SetFullMutation = { readonly setFull: { readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> } };

export type SetReceivingMutationVariables = Exact<{
  receiving: boolean;
}>;


export type SetReceivingMutation = { readonly setReceiving: { readonly agency: string, readonly kind: string, readonly name: string, readonly nameEn: string, readonly place: string, readonly phone: string, readonly dutyPhone: string, readonly email: string, readonly receiving: boolean } };

export type SetUpAccountMutationVariables = Exact<{
  account: AccountInput;
}>;


export type SetUpAccountMutation = { readonly setUpAccount: ReadonlyArray<string> };

export type SignInMutationVariables = Exact<{
  login: string;
  auth: string;
  second: SecondFactorInput;
  device?: string | null | undefined;
  name?: string | null | undefined;
}>;


export type SignInMutation = { readonly signIn: { readonly token: string, readonly expiresAt: string, readonly device: string | null, readonly member: { readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> }, readonly keyring: { readonly login: string, readonly version: number, readonly sealed: string, readonly unlocks: ReadonlyArray<{ readonly id: string, readonly method: string, readonly sealed: string, readonly passkey: string | null }> } } };

export type SignOutMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutMutation = { readonly signOut: boolean };

export type StatisticsQueryVariables = Exact<{
  period?: string | null | undefined;
}>;


export type StatisticsQuery = { readonly statistics: { readonly period: string, readonly madeAt: string, readonly leftOut: ReadonlyArray<string>, readonly total: { readonly code: string, readonly value: number | null, readonly why: string }, readonly tables: ReadonlyArray<{ readonly name: string, readonly cells: ReadonlyArray<{ readonly code: string, readonly value: number | null, readonly why: string }> }>, readonly times: ReadonlyArray<{ readonly urgency: string, readonly until: string, readonly median: number | null, readonly p90: number | null }>, readonly rooms: ReadonlyArray<{ readonly service: string, readonly services: number, readonly places: number | null }> } };

export type TakeStepMutationVariables = Exact<{
  step: SealedInput;
}>;


export type TakeStepMutation = { readonly takeStep: { readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string }> } };

export type TimelineQueryVariables = Exact<{
  id: string;
}>;


export type TimelineQuery = { readonly timeline: { readonly referral: { readonly referral: string, readonly sender: string, readonly recipient: string, readonly sentAt: string, readonly cameAt: string | null, readonly changedAt: string, readonly state: string, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly basis: string, readonly withoutConsent: boolean, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }> }, readonly lines: ReadonlyArray<{ readonly type: string, readonly reason: string | null, readonly agency: string, readonly member: string, readonly at: string, readonly document: string, readonly place: number | null }> } | null };

export type TrailQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  referral?: string | null | undefined;
  counterpart?: string | null | undefined;
  type?: string | null | undefined;
  since?: string | null | undefined;
}>;


export type TrailQuery = { readonly trail: { readonly edges: ReadonlyArray<{ readonly cursor: string, readonly node: { readonly referral: string, readonly counterpart: string, readonly agency: string, readonly member: string, readonly type: string, readonly reason: string | null, readonly at: string } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type TurnAwayMutationVariables = Exact<{
  member: string;
}>;


export type TurnAwayMutation = { readonly turnAway: boolean };

export type TurnDownMutationVariables = Exact<{
  id: string;
}>;


export type TurnDownMutation = { readonly turnDown: boolean };

export type UploadQueryVariables = Exact<{
  sha256: string;
}>;


export type UploadQuery = { readonly upload: { readonly size: number, readonly received: number, readonly whole: boolean } | null };

export type UploadPieceMutationVariables = Exact<{
  sha256: string;
  size: number;
  offset: number;
  piece: string;
}>;


export type UploadPieceMutation = { readonly uploadPiece: { readonly size: number, readonly received: number, readonly whole: boolean } };

export type WaitingQueryVariables = Exact<{ [key: string]: never; }>;


export type WaitingQuery = { readonly waiting: { readonly since: string, readonly roles: ReadonlyArray<string>, readonly administrators: ReadonlyArray<{ readonly id: string, readonly handle: string, readonly name: string, readonly nameEn: string, readonly agency: string, readonly roles: ReadonlyArray<string> }> } | null };

export type WithdrawInvitationMutationVariables = Exact<{
  id: string;
}>;


export type WithdrawInvitationMutation = { readonly withdrawInvitation: boolean };

export type WithdrawWithReceiptMutationVariables = Exact<{
  receipt: string;
}>;


export type WithdrawWithReceiptMutation = { readonly withdrawWithReceipt: { readonly mode: string, readonly documents: ReadonlyArray<string>, readonly recorder: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string }, readonly holders: ReadonlyArray<{ readonly to: string, readonly sections: ReadonlyArray<string>, readonly purposes: ReadonlyArray<string>, readonly until: string | null, readonly refused: ReadonlyArray<string>, readonly ended: string | null, readonly basis: string | null, readonly agency: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string } | null, readonly reviewer: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string } | null, readonly referrals: ReadonlyArray<{ readonly state: string, readonly sentAt: string, readonly openedAt: string | null, readonly answeredAt: string | null, readonly parts: ReadonlyArray<string>, readonly owesDeletion: boolean, readonly deletedAt: string | null, readonly outOfBackupsAt: string | null }> }> | null } };

export type BlobsFragment = { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> };

export type ContactFragment = { readonly agency: string, readonly kind: string, readonly name: string, readonly nameEn: string, readonly place: string, readonly phone: string, readonly dutyPhone: string, readonly email: string, readonly receiving: boolean };

export type HowFarFragment = { readonly size: number, readonly received: number, readonly whole: boolean };

export type KeyringFragment = { readonly login: string, readonly version: number, readonly sealed: string, readonly unlocks: ReadonlyArray<{ readonly id: string, readonly method: string, readonly sealed: string, readonly passkey: string | null }> };

export type NotificationsFragment = { readonly available: boolean, readonly address: string, readonly confirmed: boolean, readonly refused: boolean, readonly language: string, readonly urgencies: ReadonlyArray<string>, readonly workingHours: boolean, readonly digestHour: number | null };

export type OverseenFragment = { readonly referral: string, readonly sender: string, readonly recipient: string, readonly sentAt: string, readonly cameAt: string | null, readonly changedAt: string, readonly state: string, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly basis: string, readonly withoutConsent: boolean, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }> };

export type ReceiptAgencyFragment = { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string };

export type ReceiptShownFragment = { readonly mode: string, readonly documents: ReadonlyArray<string>, readonly recorder: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string }, readonly holders: ReadonlyArray<{ readonly to: string, readonly sections: ReadonlyArray<string>, readonly purposes: ReadonlyArray<string>, readonly until: string | null, readonly refused: ReadonlyArray<string>, readonly ended: string | null, readonly basis: string | null, readonly agency: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string } | null, readonly reviewer: { readonly handle: string, readonly name: string, readonly nameEn: string, readonly phone: string } | null, readonly referrals: ReadonlyArray<{ readonly state: string, readonly sentAt: string, readonly openedAt: string | null, readonly answeredAt: string | null, readonly parts: ReadonlyArray<string>, readonly owesDeletion: boolean, readonly deletedAt: string | null, readonly outOfBackupsAt: string | null }> }> | null };

export type ReferralFragment = { readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } | null, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string, readonly sealed: { readonly parts: ReadonlyArray<{ readonly name: string, readonly ciphertext: string }>, readonly wraps: ReadonlyArray<{ readonly agency: string, readonly wrap: string }>, readonly keys: ReadonlyArray<{ readonly part: string, readonly agency: string, readonly key: string }> } | null }> };

export type RowFragment = { readonly id: string, readonly sender: string, readonly recipient: string, readonly state: string, readonly sentAt: string, readonly changedAt: string, readonly deletionOwedSince: string | null, readonly urgency: string, readonly services: ReadonlyArray<string>, readonly place: string, readonly language: string, readonly minor: boolean, readonly envelope: string, readonly sha256: string, readonly head: string, readonly decision: { readonly consent: string, readonly to: string, readonly version: number, readonly envelope: string, readonly sha256: string }, readonly owed: ReadonlyArray<{ readonly agency: string, readonly kind: string, readonly dueAt: string, readonly late: boolean }>, readonly events: ReadonlyArray<{ readonly id: string, readonly agency: string, readonly type: string, readonly reason: string | null, readonly acceptedAt: string, readonly envelope: string, readonly sha256: string }> };

export type ServiceFragment = { readonly id: string, readonly agency: string, readonly code: string, readonly name: string, readonly nameEn: string, readonly places: ReadonlyArray<string>, readonly openOnHolidays: boolean, readonly languages: ReadonlyArray<string>, readonly minAge: number | null, readonly maxAge: number | null, readonly genders: ReadonlyArray<string>, readonly dependants: boolean, readonly capacity: number | null, readonly taken: number, readonly free: number | null, readonly accepting: boolean, readonly fullUntil: string | null, readonly openNow: boolean, readonly changedAt: string, readonly schedule: ReadonlyArray<{ readonly days: string, readonly opens: string, readonly closes: string }>, readonly exceptions: ReadonlyArray<{ readonly date: string, readonly opens: string | null, readonly closes: string | null }> };

export const activityLog: Operation<ActivityLogQuery, ActivityLogQueryVariables> = {
  id: "sha256:daef64f8c1048ee152035dc61c861027f98e09367622705832acd874b668ea0e",
  name: "ActivityLog",
};

export const activityToCosign: Operation<ActivityToCosignQuery, ActivityToCosignQueryVariables> = {
  id: "sha256:4a4973f73c94ea2d0723669440334ef40e49eb2e178796051ae8c332b1781a13",
  name: "ActivityToCosign",
};

export const addPartner: Operation<AddPartnerMutation, AddPartnerMutationVariables> = {
  id: "sha256:ca8d901ca16f275e22af42ff1ca511ff0bbcce437780eb8c1373ff7049d12c5d",
  name: "AddPartner",
};

export const addPasskey: Operation<AddPasskeyMutation, AddPasskeyMutationVariables> = {
  id: "sha256:78c2fb8b4a0772cffb97287a2cb3cb1936dd6b187f1772c26f3dcbd155529201",
  name: "AddPasskey",
};

export const agencyKeys: Operation<AgencyKeysQuery, AgencyKeysQueryVariables> = {
  id: "sha256:0f8776a0fdd9a46aae6cf5ae3f13749eef93dcfff24a3c2b0e50821d29f2c5d5",
  name: "AgencyKeys",
};

export const alternatives: Operation<AlternativesQuery, AlternativesQueryVariables> = {
  id: "sha256:84c2edfd82de3ce787beca3fcdc4a57b979ffde67a0d2df7e98cc6b54fd3e0c9",
  name: "Alternatives",
};

export const apiTokens: Operation<ApiTokensQuery, ApiTokensQueryVariables> = {
  id: "sha256:b799a10c99ca312430d610029a7ba6f86c51ae36313f953e885e0d82f1a3b040",
  name: "ApiTokens",
};

export const applications: Operation<ApplicationsQuery, ApplicationsQueryVariables> = {
  id: "sha256:39e9991b416c96780773af951a2ff849ce5b579bf58d63d5ff73f1503e30a760",
  name: "Applications",
};

export const apply: Operation<ApplyMutation, ApplyMutationVariables> = {
  id: "sha256:c205784b769470d05b552b54814b4e30c4695a810f465782c7406de4aea668d8",
  name: "Apply",
};

export const beginPasskey: Operation<BeginPasskeyMutation, BeginPasskeyMutationVariables> = {
  id: "sha256:d71481d8a767e66fd58f6c47646873fd200522d5577b92b385edf7331ae03d40",
  name: "BeginPasskey",
};

export const beginPasskeySignIn: Operation<BeginPasskeySignInMutation, BeginPasskeySignInMutationVariables> = {
  id: "sha256:1ed3ea080a4f15d6edd333f68c3b4f29cced685c3f1f90ecad209b5de1ca59c0",
  name: "BeginPasskeySignIn",
};

export const candidates: Operation<CandidatesQuery, CandidatesQueryVariables> = {
  id: "sha256:d7aeba6541a5659ed9e51ebf41e81c8c743eaf28b1d7495b805f9a40a72aaa28",
  name: "Candidates",
};

export const chain: Operation<ChainQuery, ChainQueryVariables> = {
  id: "sha256:fd6c6c1ff714ebe8410fe4b6d53be0a23bd52bf475f4490f22b7371831e2f2fc",
  name: "Chain",
};

export const changeAuthenticator: Operation<ChangeAuthenticatorMutation, ChangeAuthenticatorMutationVariables> = {
  id: "sha256:16eefe98054a46feb1a0621f6df82e600bb8a10cdd6385b7b0e64f1c5b063352",
  name: "ChangeAuthenticator",
};

export const changePassphrase: Operation<ChangePassphraseMutation, ChangePassphraseMutationVariables> = {
  id: "sha256:8c94723e9b3783f8fa1be92d8ecbed36129ed4a007c7c2034873d2af6ce9ae16",
  name: "ChangePassphrase",
};

export const clearFull: Operation<ClearFullMutation, ClearFullMutationVariables> = {
  id: "sha256:35e94f7a366c6470b1539b43cbe45dfc4ff6bd3c07c8fcd77b9e858f7c7b3218",
  name: "ClearFull",
};

export const colleagues: Operation<ColleaguesQuery, ColleaguesQueryVariables> = {
  id: "sha256:08bbf86a913af124a39a846f8e6444dbc6372906b8397caadfa17726558063f6",
  name: "Colleagues",
};

export const confirmAddress: Operation<ConfirmAddressMutation, ConfirmAddressMutationVariables> = {
  id: "sha256:b6dba4d9291cca3721e3bfe450d481892005d0c151efe722c1caec81e74b5252",
  name: "ConfirmAddress",
};

export const consent: Operation<ConsentQuery, ConsentQueryVariables> = {
  id: "sha256:10a72a8afd1085b9257759e87415da311ce8da9753f9a34eb27449cd04344e7d",
  name: "Consent",
};

export const cosignActivity: Operation<CosignActivityMutation, CosignActivityMutationVariables> = {
  id: "sha256:2f79f084546d12caec4f3f0a9a23cbeca404e623f73cf5551440ee5727693e21",
  name: "CosignActivity",
};

export const cosignDirectory: Operation<CosignDirectoryMutation, CosignDirectoryMutationVariables> = {
  id: "sha256:9ab782a32ad764031e7b2b2068a877459116e2318662f78b4f049c894716249c",
  name: "CosignDirectory",
};

export const directory: Operation<DirectoryQuery, DirectoryQueryVariables> = {
  id: "sha256:caaa8ba1b5cf994544baa377e75715d38b80dfce41004477224a7563761e29bf",
  name: "Directory",
};

export const directoryToCosign: Operation<DirectoryToCosignQuery, DirectoryToCosignQueryVariables> = {
  id: "sha256:c84bf628e54c415b3eb161520232908c7b4ebdfde90fb6669596b725aab8cff7",
  name: "DirectoryToCosign",
};

export const endService: Operation<EndServiceMutation, EndServiceMutationVariables> = {
  id: "sha256:636fc8b2778f7843d54887d1b41c58d7a69925c201f7902b2540e4cfa75b397f",
  name: "EndService",
};

export const endSession: Operation<EndSessionMutation, EndSessionMutationVariables> = {
  id: "sha256:5e815c002c5d78417c8e5c556ef2ae5a44c92f35e97203b74466e3132fa4475d",
  name: "EndSession",
};

export const enrol: Operation<EnrolMutation, EnrolMutationVariables> = {
  id: "sha256:201c1a1585bee5bb0f01688db3129b6262a3cd651852334f59df08031bdd1251",
  name: "Enrol",
};

export const evidence: Operation<EvidenceQuery, EvidenceQueryVariables> = {
  id: "sha256:1e8558674878887b8efb8c5a73e5aaaa23b5824cd1834681ffef7cc5a415432a",
  name: "Evidence",
};

export const evidenceListed: Operation<EvidenceListedQuery, EvidenceListedQueryVariables> = {
  id: "sha256:d4cef62b0565a647230127d4a55bceff35190ad62577cdb7384f4f7d668e7362",
  name: "EvidenceListed",
};

export const evidencePiece: Operation<EvidencePieceQuery, EvidencePieceQueryVariables> = {
  id: "sha256:eb1ee2f2c8367aae05e8dec44a6a0745056f871f585a6d864d8105757ce1d792",
  name: "EvidencePiece",
};

export const exportTrail: Operation<ExportTrailMutation, ExportTrailMutationVariables> = {
  id: "sha256:93b9a002b37d240abd5be1e29dfb8cde4c323c8602e66ad100d68807c667f800",
  name: "ExportTrail",
};

export const feed: Operation<FeedQuery, FeedQueryVariables> = {
  id: "sha256:4522b24ae9d5c09c07802f8d7e265656c353b09f2f8c345dbc35bcb88255eeec",
  name: "Feed",
};

export const filePiece: Operation<FilePieceQuery, FilePieceQueryVariables> = {
  id: "sha256:894f0c36297ce6bff9a588becf4f7763f677e4a62cf72610215d01f62d9da0c1",
  name: "FilePiece",
};

export const findServices: Operation<FindServicesQuery, FindServicesQueryVariables> = {
  id: "sha256:12509720f0e93685caa06fb81ad108fe3372f353e0bc4f053092d916597834df",
  name: "FindServices",
};

export const follow: Operation<FollowSubscription, FollowSubscriptionVariables> = {
  id: "sha256:6ab57dee502d93ddb3338bf356cc35e60e19e0cf5f2fa583c65f806d9704ff31",
  name: "Follow",
};

export const handOver: Operation<HandOverMutation, HandOverMutationVariables> = {
  id: "sha256:e0ab7ca9201007ba16ab9dbc7b6acbf1da69c7a1bb9047ff2245d1516e5f06eb",
  name: "HandOver",
};

export const heldKeys: Operation<HeldKeysQuery, HeldKeysQueryVariables> = {
  id: "sha256:fcd3a8428bd42157c43b89a785a86a8e15f72ad54b74e489113294ae04ec96da",
  name: "HeldKeys",
};

export const ids: Operation<IdsQuery, IdsQueryVariables> = {
  id: "sha256:13aed6bbd9536ae08c0ade664226e6b9f1d443e36fc62e9df9a2c86743066726",
  name: "Ids",
};

export const inbox: Operation<InboxQuery, InboxQueryVariables> = {
  id: "sha256:efd320d7fe19fc18ffd5c5e6e8cb91f5222656d597419cd03e9082aec9039831",
  name: "Inbox",
};

export const invitation: Operation<InvitationQuery, InvitationQueryVariables> = {
  id: "sha256:56ee784841aa58bede8b905be1768fa2c484fe07c4a270c4a6c1493fa521b44b",
  name: "Invitation",
};

export const invitations: Operation<InvitationsQuery, InvitationsQueryVariables> = {
  id: "sha256:3305cdeac84b20defdfcf259227c7a0dd795e4a49c027e9153af7ab7d6fa698b",
  name: "Invitations",
};

export const invite: Operation<InviteMutation, InviteMutationVariables> = {
  id: "sha256:ebd5f17f03de2548233719ad8fe97eb2b37636ea27f712313f483d876545b2ff",
  name: "Invite",
};

export const issueApiToken: Operation<IssueApiTokenMutation, IssueApiTokenMutationVariables> = {
  id: "sha256:11866fcc3ff454cc8d16b7faa32f993b77a64c23efb7ec110faafdbf591cc35d",
  name: "IssueApiToken",
};

export const kemKeys: Operation<KemKeysQuery, KemKeysQueryVariables> = {
  id: "sha256:a9cbf2e937862faf4f7686ecc73740069ff6ffdb47f76b85f3cee3459140db09",
  name: "KemKeys",
};

export const keyring: Operation<KeyringQuery, KeyringQueryVariables> = {
  id: "sha256:5ba5f212a0024de9b450545383a0ba11d3da47371248e592707e2c022a031a3a",
  name: "Keyring",
};

export const kitSignIn: Operation<KitSignInMutation, KitSignInMutationVariables> = {
  id: "sha256:cbcc83602fc56882bab903bb7f35ac75519c20739d28bfd88e093c9ce4f60050",
  name: "KitSignIn",
};

export const lastSeen: Operation<LastSeenQuery, LastSeenQueryVariables> = {
  id: "sha256:ef961bb27c76bc90df5d8096b160572e4bc7b3317f367c2b0773f1989c2e4e77",
  name: "LastSeen",
};

export const logged: Operation<LoggedQuery, LoggedQueryVariables> = {
  id: "sha256:2d3644ae985d05d3d245d08d0deb8572adb36439aafb24b8b26d80430afeebaa",
  name: "Logged",
};

export const lookWithReceipt: Operation<LookWithReceiptMutation, LookWithReceiptMutationVariables> = {
  id: "sha256:23f75112b61cf441202e83a959a3d1c5c3ffd1bbbbb2b6941b63dcb7d91928ac",
  name: "LookWithReceipt",
};

export const looks: Operation<LooksQuery, LooksQueryVariables> = {
  id: "sha256:79b4efbf9715b14687615bd0bf45a180da785c7b7b36690d8f1fa33a6ff516f4",
  name: "Looks",
};

export const me: Operation<MeQuery, MeQueryVariables> = {
  id: "sha256:42bd7250733368aef520948dec0a4b42b65dbef073d9620a185351554eee8ac8",
  name: "Me",
};

export const movePracticeClock: Operation<MovePracticeClockMutation, MovePracticeClockMutationVariables> = {
  id: "sha256:e4b1117eaebb63d31d19ca02f56b5aa6e7697efb3d3e61a42b299ef1ddc75285",
  name: "MovePracticeClock",
};

export const network: Operation<NetworkQuery, NetworkQueryVariables> = {
  id: "sha256:67302d02ceb45d5b754d01f43d8570167f9865710a36ea9684b19855e5a225bf",
  name: "Network",
};

export const newChallenge: Operation<NewChallengeMutation, NewChallengeMutationVariables> = {
  id: "sha256:b39bbe9e2479f193f3f14ef7875be9ecc5a4b076ac2e7d9b49d1e716927b97a9",
  name: "NewChallenge",
};

export const newRecoveryCodes: Operation<NewRecoveryCodesMutation, NewRecoveryCodesMutationVariables> = {
  id: "sha256:3f7c5f3a189284255034677e302bd1a93deff124836e522534099562deb2f23e",
  name: "NewRecoveryCodes",
};

export const notifications: Operation<NotificationsQuery, NotificationsQueryVariables> = {
  id: "sha256:ca528c9c9633dca28707c96142f5cb6688fcf7656672954921d15042143af5c5",
  name: "Notifications",
};

export const onward: Operation<OnwardQuery, OnwardQueryVariables> = {
  id: "sha256:c51aa3d2c30226da6dfd8da04a7e57090e775c8b12db989c4cff3ddfc8a756f4",
  name: "Onward",
};

export const openReferral: Operation<OpenReferralMutation, OpenReferralMutationVariables> = {
  id: "sha256:d2e5da55417122409ca76b63d7a202c9dbe8ce864be7a2c43475e9a51b60af57",
  name: "OpenReferral",
};

export const openings: Operation<OpeningsQuery, OpeningsQueryVariables> = {
  id: "sha256:6b0c5b0c2e4fdcb04f80a48c90439635f7efda614fd5b11db743b0837c883ee6",
  name: "Openings",
};

export const outbox: Operation<OutboxQuery, OutboxQueryVariables> = {
  id: "sha256:c973a654592631d3d73b49bc3c276a974df0871eed8b2c19a1ee13efd0549c8e",
  name: "Outbox",
};

export const overdue: Operation<OverdueQuery, OverdueQueryVariables> = {
  id: "sha256:a89363d10bd50e410d9c0625a072522575579a6a582922180ca33fb55db85a92",
  name: "Overdue",
};

export const overseen: Operation<OverseenQuery, OverseenQueryVariables> = {
  id: "sha256:d6e4a7ba6d7d76a6ddcd6eab84a0a486e19164d32cb6c123659f0056d33cc3a8",
  name: "Overseen",
};

export const passkeys: Operation<PasskeysQuery, PasskeysQueryVariables> = {
  id: "sha256:256e72ef8c72eeda3ea7d597830920f4ebc0b4b090332606bb893f1596d941ac",
  name: "Passkeys",
};

export const proposals: Operation<ProposalsQuery, ProposalsQueryVariables> = {
  id: "sha256:b2ff846d439d6c0c433b1162ee44d613bd11a4f77706e928cb8e96c2c2f03962",
  name: "Proposals",
};

export const propose: Operation<ProposeMutation, ProposeMutationVariables> = {
  id: "sha256:e8e496f317890742cc182498ba23c871aaaa042ec4b73d2e76940b658e788532",
  name: "Propose",
};

export const proveSignatory: Operation<ProveSignatoryMutation, ProveSignatoryMutationVariables> = {
  id: "sha256:21b6b9f98a1259daddbcf93a5df2f1081b8bb024ff0486023a2520d9d498f371",
  name: "ProveSignatory",
};

export const proveWithReceipt: Operation<ProveWithReceiptMutation, ProveWithReceiptMutationVariables> = {
  id: "sha256:45407569754b163e25ed9518db7ebeefa7a7fc6acbbad155f4d562fb4d49303b",
  name: "ProveWithReceipt",
};

export const publishRoster: Operation<PublishRosterMutation, PublishRosterMutationVariables> = {
  id: "sha256:85f166f1b26c8ec9ff3c46692b57ae56ec0a80d039de81019253e7de85dbb5c4",
  name: "PublishRoster",
};

export const receiptChallenge: Operation<ReceiptChallengeMutation, ReceiptChallengeMutationVariables> = {
  id: "sha256:457ea13720d9cf18c5fdfdc25f2552477914fded5efaa6213e017f99b0215d6f",
  name: "ReceiptChallenge",
};

export const recordConsent: Operation<RecordConsentMutation, RecordConsentMutationVariables> = {
  id: "sha256:edd1922d40c38a0a2667b4b1b34c9b505a4449d43ffbe512096dba9d1a75e4bf",
  name: "RecordConsent",
};

export const referral: Operation<ReferralQuery, ReferralQueryVariables> = {
  id: "sha256:57c894d06662da114a12c3eb876a13256a7adaefec4ae28aa4b4167b2616392e",
  name: "Referral",
};

export const removePasskey: Operation<RemovePasskeyMutation, RemovePasskeyMutationVariables> = {
  id: "sha256:3bf319dce30895dfbbbfe95339d7493e3c631bc2fd9dae8b7f63e70c1d65e172",
  name: "RemovePasskey",
};

export const reviews: Operation<ReviewsQuery, ReviewsQueryVariables> = {
  id: "sha256:1a4a4ac28facc5d24a49aeaed6baf8a1a2e24b3a0b55c51c9898bfeabf47381d",
  name: "Reviews",
};

export const revokeApiToken: Operation<RevokeApiTokenMutation, RevokeApiTokenMutationVariables> = {
  id: "sha256:71d4207e74a0ce637aec0de91f7dfe060ed278f967b5795b9206c3f7beb38d15",
  name: "RevokeApiToken",
};

export const saveContact: Operation<SaveContactMutation, SaveContactMutationVariables> = {
  id: "sha256:28beafe98cdc6f9066f5f0d7469802b478c0b901abb56d1014abb5956ed24cf9",
  name: "SaveContact",
};

export const saveKeyring: Operation<SaveKeyringMutation, SaveKeyringMutationVariables> = {
  id: "sha256:461c7c70de236cf47c9b16c0d6fff5399e0dd8bec555ed68fb6fdb31b3d02f1f",
  name: "SaveKeyring",
};

export const saveNotifications: Operation<SaveNotificationsMutation, SaveNotificationsMutationVariables> = {
  id: "sha256:c156e01a8af8cc08bb2bcee4807a3d3bfa415416fb6e57eb2bb8959c76b84a5c",
  name: "SaveNotifications",
};

export const saveService: Operation<SaveServiceMutation, SaveServiceMutationVariables> = {
  id: "sha256:7913f55ecb62c82756740d331b43fc0c26f6d21b4e98a73f2ed2cb922a1c7404",
  name: "SaveService",
};

export const sendReferrals: Operation<SendReferralsMutation, SendReferralsMutationVariables> = {
  id: "sha256:543393eb48b515dd59ddc42ecc7ba0e4907e31eb9a4877b92ac7e62b81f11c6e",
  name: "SendReferrals",
};

export const services: Operation<ServicesQuery, ServicesQueryVariables> = {
  id: "sha256:92fcb4c9148c2e25f994f11438cebb20ba1ff818ba5b73c45d450b27ae39227a",
  name: "Services",
};

export const sessions: Operation<SessionsQuery, SessionsQueryVariables> = {
  id: "sha256:c9ac58c9cfbefe11f2f5742c26aa8724f8367f19e55ae5326c24d6cd62508439",
  name: "Sessions",
};

export const setAccepting: Operation<SetAcceptingMutation, SetAcceptingMutationVariables> = {
  id: "sha256:b6e392f5dc05dcd635164ab8c81ea445aec5a1dc0f68901cd9d92d04104dcbb4",
  name: "SetAccepting",
};

export const setFull: Operation<SetFullMutation, SetFullMutationVariables> = {
  id: "sha256:869280a8118ed093e9d2d998a930838779e941bccf53e64bb16bf211da51deba",
  name: "SetFull",
};

export const setReceiving: Operation<SetReceivingMutation, SetReceivingMutationVariables> = {
  id: "sha256:925763e46857e0cfeb70efe0656d27954e37c2551c6ebd25490414e6b5ad3d11",
  name: "SetReceiving",
};

export const setUpAccount: Operation<SetUpAccountMutation, SetUpAccountMutationVariables> = {
  id: "sha256:b98d0f2200b27fdb332aaf9bdf60539bde6073d6426fc805503eb64c2f45bea3",
  name: "SetUpAccount",
};

export const signIn: Operation<SignInMutation, SignInMutationVariables> = {
  id: "sha256:a9261cbeff3f7e118bb5ddd48c3371449c31f57fd6d630a44e3cc42f6a4dabee",
  name: "SignIn",
};

export const signOut: Operation<SignOutMutation, SignOutMutationVariables> = {
  id: "sha256:589063ee1eb2d095cc6bd122d7d224d89e1030c7372433b209201fdaef113cd2",
  name: "SignOut",
};

export const statistics: Operation<StatisticsQuery, StatisticsQueryVariables> = {
  id: "sha256:75c6f36d0052b08a1a840bd11be20480244594d1b5d073b9de978512d7944ea5",
  name: "Statistics",
};

export const takeStep: Operation<TakeStepMutation, TakeStepMutationVariables> = {
  id: "sha256:3aadd791e0245e870cbb67c6fecc6966ef0c4d6c6388fe5fc7fd3b97009522f0",
  name: "TakeStep",
};

export const timeline: Operation<TimelineQuery, TimelineQueryVariables> = {
  id: "sha256:46acc55546af7b49a7cb48f59b29f870352aaf48b9c04c92f0e8a0266855d7c5",
  name: "Timeline",
};

export const trail: Operation<TrailQuery, TrailQueryVariables> = {
  id: "sha256:744bae74b29ee10e85456c6fb20bbaeb449c34c004e78cf7025e2a7bd87a11fa",
  name: "Trail",
};

export const turnAway: Operation<TurnAwayMutation, TurnAwayMutationVariables> = {
  id: "sha256:c733da2fef3bb84b670579b7bfd5e6468a3819e8773aa16e1ee998ed92c45149",
  name: "TurnAway",
};

export const turnDown: Operation<TurnDownMutation, TurnDownMutationVariables> = {
  id: "sha256:dbb98bd2a065bf3f9568275f70af88254d655fa069862a5e9bd56934308abfeb",
  name: "TurnDown",
};

export const upload: Operation<UploadQuery, UploadQueryVariables> = {
  id: "sha256:549b8c008286e649691bcaaba1a612849c3576eb8d152e7b91213d662dc63861",
  name: "Upload",
};

export const uploadPiece: Operation<UploadPieceMutation, UploadPieceMutationVariables> = {
  id: "sha256:c08bc581e7f54db14d39149ee275206c39e9e3f7d318e78520e24665e4d30519",
  name: "UploadPiece",
};

export const waiting: Operation<WaitingQuery, WaitingQueryVariables> = {
  id: "sha256:33a9d168f1bc1c73fbc08d37c9e36a78b57ed1c26373321ba8f9344518bceb4f",
  name: "Waiting",
};

export const withdrawInvitation: Operation<WithdrawInvitationMutation, WithdrawInvitationMutationVariables> = {
  id: "sha256:d6986b5bb657d5c470502719f35fa5a9a423e5aab27d19742aa7c624e39a5995",
  name: "WithdrawInvitation",
};

export const withdrawWithReceipt: Operation<WithdrawWithReceiptMutation, WithdrawWithReceiptMutationVariables> = {
  id: "sha256:5f427d69452e06b11ad49cb7062655ddd294061d7d9069cd1782361a3e3382f1",
  name: "WithdrawWithReceipt",
};
