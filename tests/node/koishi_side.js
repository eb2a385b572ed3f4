// Koishi with its OneBot adapter as an outside worker:
// `node koishi_side.js {forward ENDPOINTS | reverse PORT} ACCOUNTS TOKEN`, lists parted by commas.
//
// Nothing of it is replaced. It obeys and tells as `nonebot_side.py` does, as JSON lines on standard output.
'use strict'

const { Context, HTTP, Logger, h } = require('koishi')
const { OneBotBot } = require('koishi-plugin-adapter-onebot')
const Server = require('@koishijs/plugin-server')

const [direction, places, accounts, token] = process.argv.slice(2)

function tell(words) {
  process.stdout.write(JSON.stringify(words) + '\n')
}

async function obey(session, order, rest) {
  const { bot, channelId, guildId, userId, messageId } = session
  if (order === 'ping') tell({ sent: await session.send(`pong ${rest}`) })
  if (order === 'quote') await session.send([h.quote(messageId), h.text(`quoted ${rest}`)])
  if (order === 'draw') await session.send(h.image(Buffer.from(rest, 'base64'), 'image/png'))
  if (order === 'vanish') {
    const [sent] = await session.send(`gone ${rest}`)
    await bot.deleteMessage(channelId, sent)
  }
  if (order === 'about') {
    const group = await bot.internal.getGroupInfo(guildId)
    const member = await bot.internal.getGroupMemberInfo(guildId, userId)
    tell({ about: [await bot.internal.getLoginInfo(), group, member] })
  }
}

if (!process.env.KOISHI_LOG) Logger.targets.length = 0
const ctx = new Context({})
ctx.plugin(HTTP)
if (direction === 'reverse') ctx.plugin(Server.default ?? Server, { host: '127.0.0.1', port: Number(places) })
accounts.split(',').forEach((selfId, index) => {
  if (direction === 'reverse') {
    ctx.plugin(OneBotBot, { selfId, protocol: 'ws-reverse', path: '/onebot', token })
  } else {
    const endpoint = places.split(',')[index]
    ctx.plugin(OneBotBot, { selfId, protocol: 'ws', endpoint, token, retryInterval: 200, retryTimes: 60 })
  }
})

ctx.on('bot-status-updated', ({ selfId, status }) => {
  if (status === 1) tell({ connected: selfId })
})

ctx.on('message', async (session) => {
  const { elements, userId, guildId, messageId, selfId } = session
  const text = elements.filter(({ type }) => type === 'text').map(({ attrs }) => attrs.content).join('').trim()
  const images = elements.filter(({ type }) => type === 'img').map(({ attrs }) => attrs.src)
  const late = (session.onebot && session.onebot.kagami && session.onebot.kagami.late_s) ?? null
  const [user, message, bot] = [userId, messageId, selfId].map(Number)
  tell({ heard: { text, user, message, bot, group: guildId ? Number(guildId) : null, images, late } })
  const [order, ...rest] = text.split(' ')
  await obey(session, order, rest.join(' '))
})

ctx.on('guild-member-request', async (session) => {
  const { messageId, content, guildId, userId } = session
  tell({ asked: [messageId, content, Number(guildId), Number(userId)] })
  await session.bot.handleGuildMemberRequest(messageId, true, '')
})

ctx.start()
