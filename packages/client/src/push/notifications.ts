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

/** As `PushSubscription.toJSON()` gives it. */
export interface WebPushSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** Where the server can reach this user when nothing is connected. A target belongs to the session that registers it, and goes with it. */
export class Notifications {
  readonly #api: Api;

  /** @internal */
  constructor(api: Api) {
    this.#api = api;
  }

  async devices(options: CallOptions = {}): Promise<PushDevice[]> {
    const path = '/api/v1/devices';
    return (await this.#api.request<{ devices: PushDevice[] }>('GET', path, undefined, options)).devices;
  }

  /** Registers a browser; again whenever its subscription may have changed, which costs nothing when it has not. */
  registerWebPush({ endpoint, keys }: WebPushSubscription, info: DeviceInfo = {}): Promise<PushDevice> {
    return this.#register({ kind: 'web-push', subscription: { endpoint, keys }, platform: 'web', ...info });
  }

  /** Registers an app by its Expo push token. Rejects with INVALID_DATA for what is none. */
  registerExpo(token: string, info: DeviceInfo = {}): Promise<PushDevice> {
    return this.#register({ kind: 'expo', token, ...info });
  }

  async removeDevice(deviceId: string): Promise<void> {
    await this.#api.request('DELETE', `/api/v1/devices/${encodeURIComponent(deviceId)}`);
  }

  /** What browsers take as `applicationServerKey`. */
  async webPushKey(options: CallOptions = {}): Promise<string> {
    return (await this.#api.request<{ key: string }>('GET', '/api/v1/push/web-push-key', undefined, options))
      .key;
  }

  async preferences(options: CallOptions = {}): Promise<NotificationPreferences> {
    const path = '/api/v1/notifications/preferences';
    return (
      await this.#api.request<{ preferences: NotificationPreferences }>('GET', path, undefined, options)
    ).preferences;
  }

  async setPreferences(preferences: NotificationPreferences): Promise<NotificationPreferences> {
    const path = '/api/v1/notifications/preferences';
    return (await this.#api.request<{ preferences: NotificationPreferences }>('PUT', path, preferences))
      .preferences;
  }

  /** What one conversation may interrupt for; null: what holds for all. */
  async setConversation(conversationId: string, wanted: ConversationNotifications | null): Promise<void> {
    const path = `/api/v1/conversations/${encodeURIComponent(conversationId)}/notifications`;
    await this.#api.request(wanted ? 'PUT' : 'DELETE', path, wanted ?? undefined);
  }

  async #register(device: object): Promise<PushDevice> {
    return (await this.#api.request<{ device: PushDevice }>('POST', '/api/v1/devices', device)).device;
  }
}
