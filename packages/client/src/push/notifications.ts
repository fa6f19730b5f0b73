import type { Api } from '../session/api.ts';
import type { ConversationNotifications, NotificationPreferences, PushDevice } from '../wire.ts';

interface CallOptions {
  readonly signal?: AbortSignal;
}

/** What an app says of itself beside its push target. */
export interface DeviceInfo {
  readonly platform?: PushDevice['platform'];
  readonly appVersion?: string;
  /** As the user tells devices apart. */
  readonly name?: string;
}

export interface RegisteredDevice extends PushDevice {
  /** It belongs to the session that asks. */
  readonly current: boolean;
  /** The newest push that was tried; `error` when its service refused it. */
  readonly lastPush?: { readonly at: string; readonly error?: string };
}

/** As `PushSubscription.toJSON()` gives it. */
export interface WebPushSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** What the user wants to be told of by push. */
export interface Wanted {
  readonly preferences: NotificationPreferences;
  /** Where it is otherwise. */
  readonly conversations: readonly (ConversationNotifications & { readonly conversationId: string })[];
}

/** Where the server can reach this user when nothing is connected. A target belongs to the session that registers it, and goes with it. */
export class Notifications {
  readonly #api: Api;

  /** @internal */
  constructor(api: Api) {
    this.#api = api;
  }

  /** One's own, the last seen first. */
  async devices(options: CallOptions = {}): Promise<RegisteredDevice[]> {
    const path = '/api/v1/devices';
    return (await this.#api.request<{ devices: RegisteredDevice[] }>('GET', path, undefined, options))
      .devices;
  }

  /** Registers a browser; again whenever its subscription may have changed, which costs nothing when it has not. */
  registerWebPush({ endpoint, keys }: WebPushSubscription, info: DeviceInfo = {}): Promise<RegisteredDevice> {
    return this.#register({ kind: 'web-push', subscription: { endpoint, keys }, platform: 'web', ...info });
  }

  /** Registers an app by its Expo push token. Rejects with INVALID_DATA for what is none. */
  registerExpo(token: string, info: DeviceInfo = {}): Promise<RegisteredDevice> {
    return this.#register({ kind: 'expo', token, ...info });
  }

  async removeDevice(deviceId: string): Promise<void> {
    await this.#api.request('DELETE', `/api/v1/devices/${encodeURIComponent(deviceId)}`);
  }

  /** What browsers take as `applicationServerKey`. */
  async webPushKey(options: CallOptions = {}): Promise<string> {
    const path = '/api/v1/push/web-push-key';
    return (await this.#api.request<{ publicKey: string }>('GET', path, undefined, options)).publicKey;
  }

  preferences(options: CallOptions = {}): Promise<Wanted> {
    return this.#api.request<Wanted>('GET', '/api/v1/notifications/preferences', undefined, options);
  }

  /** Of all conversations of which nothing else is said. */
  setPreferences(preferences: NotificationPreferences): Promise<Wanted> {
    return this.#api.request<Wanted>('PUT', '/api/v1/notifications/preferences', preferences);
  }

  /** What one conversation may interrupt for; null: what holds for all. Rejects with CONFLICT when too many have words of their own. */
  async setConversation(conversationId: string, wanted: ConversationNotifications | null): Promise<void> {
    const path = `/api/v1/conversations/${encodeURIComponent(conversationId)}/notifications`;
    await this.#api.request(wanted ? 'PUT' : 'DELETE', path, wanted ?? undefined);
  }

  async #register(device: object): Promise<RegisteredDevice> {
    return (await this.#api.request<{ device: RegisteredDevice }>('POST', '/api/v1/devices', device)).device;
  }
}
