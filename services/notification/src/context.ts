import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import type { Logger, Metrics, MongoHandle, UserDirectory } from '@switchboard/service-kit';
import type { NotificationSettings } from './config.ts';
import type { Outside } from './outside/guarded-request.ts';
import type { Pushes } from './sending/pushes.ts';
import type { DeviceRecords } from './store/device-records.ts';
import type { PreferenceRecords } from './store/preference-records.ts';

/** What a host provides. None of it is closed with the service. */
export interface NotificationDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly mongo: MongoHandle;
  readonly rates: RateLimits;
  /** Shared with other services of the process; made here when absent. */
  readonly directory?: UserDirectory;
}

/** What every part of the service may reach. */
export interface NotificationContext extends Omit<NotificationDeps, 'directory'> {
  readonly config: NotificationSettings;
  readonly directory: UserDirectory;
  /** The one way to URLs that users and administrators gave us. */
  readonly outside: Outside;
  readonly devices: DeviceRecords;
  readonly preferences: PreferenceRecords;
  /** What devices are to be told is put there. */
  readonly pushes: Pushes;
  /** What browsers subscribe to web push with: an uncompressed point on P-256, base64url. */
  readonly webPushKey: string;
}
