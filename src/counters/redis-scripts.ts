import { LATE_SETTLE_MS, WINDOW_BUCKETS } from './check-ops.ts'

/*
 * What lies in Redis, per key, all below one hash tag so that a step is one slot of a cluster:
 *   c:<key>  hash    v total · x its end (0: never) · s sum of live leases · l<id> amount of a live lease · g<id> ended, not settled
 *   z:<key>  zset    l<id> and g<id> by their end
 *   w:<key>  hash    s sum · f first sub-span · m window in ms · <sub-span> amount
 *   n:<node> hash    settlements without a lease that were done, by number, until the node has heard of it
 * Times come from Redis' own clock (TIME), so nodes need not agree. Integers go through INCRBY-like commands or
 * '%.0f': Lua prints large numbers with an exponent.
 */
const COMMON = `
local BUCKETS, LATE = ${WINDOW_BUCKETS}, ${LATE_SETTLE_MS}
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- Plus 0: '-0' is no integer to Redis.
local function int(n) return string.format('%.0f', n + 0) end

local function keep(key, ms, more)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, int(ms + more)) end
end

local function endLeases(c, z)
  local over = redis.call('ZRANGEBYSCORE', z, '-inf', int(now), 'LIMIT', 0, 500)
  for _, member in ipairs(over) do
    local amount = redis.call('HGET', c, member)
    redis.call('ZREM', z, member)
    redis.call('HDEL', c, member)
    if amount and string.sub(member, 1, 1) == 'l' then
      redis.call('HINCRBY', c, 's', int(-tonumber(amount)))
      local ghost = 'g' .. string.sub(member, 2)
      redis.call('HSET', c, ghost, '1')
      redis.call('ZADD', z, int(now + LATE), ghost)
    end
  end
end

-- The total, its end (-1: none), the sum of leases; what the lease id holds, and whether it ended without being settled.
local function open(c, z, id)
  if id then endLeases(c, z) end
  local h = redis.call('HMGET', c, 'v', 'x', 's', 'l' .. (id or ''), 'g' .. (id or ''))
  if not id and h[3] and h[3] ~= '0' then
    endLeases(c, z)
    h[3] = redis.call('HGET', c, 's')
  end
  local v, x = tonumber(h[1] or '0'), tonumber(h[2] or '-1')
  if x > 0 and x <= now then v, x = 0, -1 end
  return v, x, tonumber(h[3] or '0'), tonumber(h[4] or '0'), h[5]
end

local function addTotal(c, x, by, life)
  if x == -1 then
    local ends = life > 0 and now + life or 0
    redis.call('HSET', c, 'v', int(by), 'x', int(ends))
    if life == 0 then redis.call('PERSIST', c) else keep(c, life, 0) end
    return ends
  end
  redis.call('HINCRBY', c, 'v', int(by))
  return x
end

-- Gives a window's sum, its first and its current sub-span, and whether the current one is empty.
local function slide(w, span)
  local index = span and math.floor(now * BUCKETS / span)
  local h = redis.call('HMGET', w, 's', 'f', 'm', index and int(index) or 's')
  local s, first, length = tonumber(h[1] or '0'), tonumber(h[2] or '-1'), tonumber(h[3] or '0')
  if not span then
    if length == 0 then return 0 end
    span, index = length, math.floor(now * BUCKETS / length)
  end
  local oldest = index - BUCKETS
  if first == -1 or length ~= span or first + BUCKETS < oldest then
    if first ~= -1 then redis.call('DEL', w) end
    return 0, index, index, true, true
  end
  if first < oldest then
    local fields = {}
    for i = first, oldest - 1 do fields[#fields + 1] = int(i) end
    for _, count in ipairs(redis.call('HMGET', w, unpack(fields))) do
      if count then s = s - tonumber(count) end
    end
    redis.call('HDEL', w, unpack(fields))
    first = oldest
    redis.call('HSET', w, 's', int(s), 'f', int(first))
  end
  return s, first, index, not h[4], false
end
`

/** ARGV: deadline, then per operation kind, by, limit, life, id or moment. KEYS: two per operation. */
export const ADD = `${COMMON}
local deadline = tonumber(ARGV[1])
if deadline > 0 and now > deadline then return { -1, 0, now } end

local function waitFor(w, span, first, index, over)
  local fields, left = {}, 0
  for i = first, index do fields[#fields + 1] = int(i) end
  for i, count in ipairs(redis.call('HMGET', w, unpack(fields))) do
    if count then left = left + tonumber(count) end
    if left >= over then return math.ceil((first + i + BUCKETS) * span / BUCKETS) - now end
  end
  return span
end

local reply, state, grown, failed = { 1, 0, now }, {}, {}, 0
local count = (#ARGV - 1) / 5
for i = 1, count do
  local c, z, a = KEYS[2 * i - 1], KEYS[2 * i], 5 * i - 3
  local op = { kind = ARGV[a], by = tonumber(ARGV[a + 1]), life = tonumber(ARGV[a + 3]), id = ARGV[a + 4] }
  local limit = ARGV[a + 2] == '' and math.huge or tonumber(ARGV[a + 2])
  local before, growth, reset = 0, op.by, op.life > 0 and op.life or -1
  if op.kind == 'w' then
    before, op.first, op.index, op.empty, op.new = slide(c, op.life)
  else
    local v, x, s, holds, ended = open(c, z, op.kind == 'l' and op.id)
    before, op.x, op.ended = v + s, x, ended
    if op.kind == 'l' then growth = op.by - holds
    elseif x >= 0 then reset = x > 0 and x - now or -1 end
  end
  if failed == 0 and growth > 0 and before + (grown[c] or 0) + growth > limit then
    failed = i
    if op.kind == 'w' then
      reset = waitFor(c, op.life, op.first, op.index, before + (grown[c] or 0) + growth - limit)
    elseif op.kind == 'l' then
      local next = redis.call('ZRANGE', z, 0, 0, 'WITHSCORES')
      if next[2] then reset = math.min(reset, tonumber(next[2]) - now) end
    end
  end
  grown[c] = (grown[c] or 0) + growth
  op.growth, state[i] = growth, op
  reply[2 + 2 * i], reply[3 + 2 * i] = before, reset
end
if failed > 0 then
  reply[1], reply[2] = 0, failed
  return reply
end

local value, ends, held, first = {}, {}, {}, {}
for i = 1, count do
  local c, z, op = KEYS[2 * i - 1], KEYS[2 * i], state[i]
  value[c] = value[c] or reply[2 + 2 * i]
  if op.kind == 'w' then
    local at = tonumber(op.id)
    local bucket = at > 0 and math.min(math.floor(at * BUCKETS / op.life), op.index) or op.index
    if bucket >= op.index - BUCKETS then
      value[c] = value[c] + op.by
      redis.call('HINCRBY', c, int(bucket), int(op.by))
      redis.call('HINCRBY', c, 's', int(op.by))
      local lowest = first[c] or op.first
      if op.new or bucket < lowest then
        first[c] = math.min(lowest, bucket)
        redis.call('HSET', c, 'f', int(first[c]), 'm', int(op.life))
      end
      if op.empty then redis.call('PEXPIRE', c, int(op.life + math.ceil(op.life / BUCKETS) + 1)) end
    end
  elseif op.kind == 'l' then
    local lease = z .. op.id
    local growth = op.by - (held[lease] or op.by - op.growth)
    held[lease] = op.by
    redis.call('HSET', c, 'l' .. op.id, int(op.by))
    redis.call('HINCRBY', c, 's', int(growth))
    redis.call('ZADD', z, int(now + op.life), 'l' .. op.id)
    if op.ended then
      redis.call('HDEL', c, 'g' .. op.id)
      redis.call('ZREM', z, 'g' .. op.id)
    end
    -- An hour more than needed, so that it is not set with every lease.
    if (ends[c] or op.x) ~= 0 then keep(c, op.life + LATE, 3600000) end
    keep(z, op.life + LATE, 3600000)
    value[c] = value[c] + growth
  else
    ends[c] = addTotal(c, ends[c] or op.x, op.by, op.life)
    value[c] = value[c] + op.by
  end
  reply[2 + 2 * i] = value[c]
end
return reply
`

/**
 * ARGV: deadline, the number of this step (0: none is needed), numbers whose answers were heard (with commas), then per
 * settlement by, life, lease id (empty: none). KEYS: the node's, then two per settlement. A step with a number is done once.
 */
export const SETTLE = `${COMMON}
local deadline, number = tonumber(ARGV[1]), ARGV[2]
if deadline > 0 and now > deadline then return { -1, now } end
for heard in string.gmatch(ARGV[3], '[^,]+') do redis.call('HDEL', KEYS[1], heard) end
if number ~= '0' then
  if redis.call('HSETNX', KEYS[1], number, '1') == 0 then return { 2, now } end
  keep(KEYS[1], LATE, 3600000)
end
local reply, value = { 1, now }, {}
local count = (#ARGV - 3) / 3
for i = 1, count do
  local c, z, a = KEYS[2 * i], KEYS[2 * i + 1], 3 * i + 1
  local by, life, id = tonumber(ARGV[a]), tonumber(ARGV[a + 1]), ARGV[a + 2]
  local v, x, s, holds, ended = open(c, z, id ~= '' and id)
  local applied = 1
  if id ~= '' then
    local member = (ended and 'g' or 'l') .. id
    applied = redis.call('HDEL', c, member)
    if applied == 1 then
      redis.call('ZREM', z, member)
      if holds ~= 0 then redis.call('HINCRBY', c, 's', int(-holds)) end
    end
  end
  if applied == 1 then
    if by ~= 0 then addTotal(c, x, by, life) end
    v, s = v + by, s - holds
  end
  reply[1 + 2 * i], value[c] = applied, v + s
end
for i = 1, count do reply[2 + 2 * i] = value[KEYS[2 * i]] end
return reply
`

/** ARGV: 'settled' or ''. KEYS: three per key. */
export const READ = `${COMMON}
local reply = {}
for i = 1, #KEYS / 3 do
  local c, z, w = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local v, x, s = open(c, z, nil)
  reply[i] = ARGV[1] == 'settled' and v or v + s + slide(w, nil)
end
return reply
`
