/** What a coordinator is shown of all that passes: no content, and each look is kept by the hub. */

import * as operations from "../hub/operations.ts";
import { ask } from "../hub/query.ts";
import type * as api from "./api.ts";

const MOST = 50;

export async function overview(): Promise<api.Overview> {
  const [{ overdue }, { reviews }] = await Promise.all([
    ask(operations.overdue, {}),
    ask(operations.reviews, { first: MOST, after: null, waiting: true }),
  ]);
  return {
    overdue: overdue.map(({ referral: id, sender, recipient, urgency, owed }) => ({
      id,
      sender,
      recipient,
      urgency,
      by: owed.agency,
      kind: owed.kind,
      dueAt: owed.dueAt,
    })),
    reviews: reviews.edges.map(({ node: { referral, toDo } }) => ({
      id: referral.referral,
      sender: referral.sender,
      recipient: referral.recipient,
      urgency: referral.urgency,
      services: referral.services,
      place: referral.place,
      ground: referral.basis,
      toDo,
    })),
    hasMore: reviews.pageInfo.hasNextPage,
  };
}
