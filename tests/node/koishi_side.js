// Koishi with its OneBot adapter as an outside worker: `node koishi_side.js {forward ENDPOINT | reverse PORT} SELF TOKEN`.
//
// Nothing of it is replaced. It answers `ping …` with `pong …`; what it hears, and what came of its answer, goes out as
// JSON lines on standard output.
'use strict'

const { Context, HTTP, Logger } = require('koishi')
const { OneBotBot } = require('koishi-plugin-adapter-onebot')
const Server = require('@koishijs/plugin-server')

const [direction, place, selfId, token] = process.argv.slice(2)

function tell(words) {
  process.stdout.write(JSON.stringify(words) + '\n')
}

if (!process.env.KOISHI_LOG) Logger.targets.length = 0
const ctx = new Context({})
ctx.plugin(HTTP)
if (direction === 'reverse') {
  ctx.plugin(Server.default ?? Server, { host: '127.0.0.1', port: Number(place) })
  ctx.plugin(OneBotBot, { selfId, protocol: 'ws-reverse', path: '/onebot', token })
} else {
  ctx.plugin(OneBotBot, { selfId, protocol: 'ws', endpoint: place, token, retryInterval: 200, retryTimes: 60 })
}

ctx.on('bot-status-updated', ({ selfId, status }) => {
  if (status === 1) tell({ connected: selfId })
})

ctx.on('message', async (session) => {
  const { content, userId, channelId, messageId } = session
  const late = (session.onebot && session.onebot.kagami && session.onebot.kagami.late_s) ?? null
  tell({ heard: { text: content, user: userId, channel: channelId, message: messageId, late } })
  if (content.startsWith('ping')) tell({ sent: await session.send(content.replace('ping', 'pong')) })
})

ctx.start()
