# One image a service: docker build --build-arg SERVICE=auth . (auth, chat, notification or call-signaling)
ARG NODE_IMAGE=node:24.11.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
ARG PNPM_VERSION=10.34.9
WORKDIR /src
RUN npm install --global "pnpm@${PNPM_VERSION}"
# The packages first: they change less often than the sources, and the layer is kept.
COPY pnpm-lock.yaml pnpm-workspace.yaml package.json ./
RUN pnpm fetch
COPY . .
RUN pnpm install --frozen-lockfile --offline \
    && node_modules/.bin/tsc -b \
    && node_modules/.bin/vite build packages/web
ARG SERVICE
RUN test -n "${SERVICE}" && pnpm --filter "@switchboard/${SERVICE}" deploy --prod --legacy /out

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    WEB_CLIENT_DIR=/app/web
WORKDIR /app
COPY --from=build /out ./
COPY --from=build /src/packages/web/dist ./web
# Whoever breaks in owns nothing here.
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
