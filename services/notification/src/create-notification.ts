import { unavailable } from '@switchboard/protocol';
import { createOwner, createUserDirectory, type Service } from '@switchboard/service-kit';
import type { NotificationSettings } from './config.ts';
import type { NotificationContext, NotificationDeps } from './context.ts';
import { createOutside } from './outside/guarded-request.ts';

/** Push targets, pushes and webhooks. Several may run on one database; they share the work by leases on what is due. */
export async function createNotification(
  config: NotificationSettings,
  deps: NotificationDeps,
): Promise<Service> {
  const { bus, clock, mongo } = deps;
  const owner = createOwner();
  try {
    const directory = deps.directory ?? owner.own(createUserDirectory({ bus, clock }));
    const outside = owner.own(
      createOutside({
        allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
        allowHttp: config.NODE_ENV !== 'production',
      }),
    );
    const context: NotificationContext = { ...deps, config, directory, outside };
    void context;
    return {
      name: 'notification',
      routes: [],
      checks: [
        mongo.check,
        {
          name: 'bus',
          async check() {
            if (!bus.health().up) throw unavailable('The bus');
          },
        },
      ],
      [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
    };
  } catch (error) {
    await owner[Symbol.asyncDispose]();
    throw error;
  }
}
