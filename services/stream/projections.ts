import type {Projection} from './consume-projected.ts';
import {joinProjections} from './join-projections.ts';
import {projectActivity} from './project-activity.ts';
import {projectFailedSignIns} from './project-failed-sign-ins.ts';
import {projectRegistrations} from './project-registrations.ts';
import {ACTIVITY, IDENTITY_EVENTS} from './streams.ts';

/** What is kept of which stream, by the names that replays are asked for with, and which part of the service keeps it. */
export const PROJECTIONS: Readonly<
  Record<
    'accounts' | 'activity',
    {readonly stream: string; readonly projection: Projection; readonly part: 'activity' | 'alerts'}
  >
> = {
  accounts: {
    stream: IDENTITY_EVENTS,
    projection: joinProjections(projectRegistrations, projectFailedSignIns),
    part: 'alerts',
  },
  activity: {stream: ACTIVITY, projection: projectActivity, part: 'activity'},
};
