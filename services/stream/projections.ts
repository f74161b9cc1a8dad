import type {Projection} from './consume-projected.ts';
import {joinProjections} from './join-projections.ts';
import {type ActivityProjectionParts, createActivityProjection} from './project-activity.ts';
import {projectFailedSignIns} from './project-failed-sign-ins.ts';
import {projectRegistrations} from './project-registrations.ts';
import {ACTIVITY, IDENTITY_EVENTS} from './streams.ts';

/** What is kept of which stream, by the names that replays are asked for with, and which part of the service keeps it. */
export type Projections = Readonly<
  Record<
    'accounts' | 'activity',
    {readonly stream: string; readonly projection: Projection; readonly part: 'activity' | 'alerts'}
  >
>;

export function createProjections(parts: ActivityProjectionParts): Projections {
  return {
    accounts: {
      stream: IDENTITY_EVENTS,
      projection: joinProjections(projectRegistrations, projectFailedSignIns),
      part: 'alerts',
    },
    activity: {stream: ACTIVITY, projection: createActivityProjection(parts), part: 'activity'},
  };
}
