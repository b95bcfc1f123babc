-- Progressing, then Suspended while a person is needed, then Healthy or Degraded.
local hs = {status = "Progressing", message = "waiting for the operator"}
local status = obj.status
if status == nil or status.phase == nil then
  return hs
end
hs.message = status.message
if status.phase == "Succeeded" then
  hs.status = "Healthy"
  return hs
end
if status.phase == "Failed" or status.phase == "Cancelled" then
  hs.status = "Degraded"
  return hs
end
-- The status still speaks of what was there before a change of spec.suspend.
if obj.metadata.generation ~= nil and status.observedGeneration ~= nil and status.observedGeneration < obj.metadata.generation then
  hs.message = "waiting for the operator to see the change"
  return hs
end
-- Other branches of the run may go on while one of them asks.
if status.escalations ~= nil and status.escalations[1] ~= nil then
  hs.status = "Suspended"
  hs.message = status.escalations[1].message
  return hs
end
-- A Pending run waits for Git or for its turn, but for one that was told to wait.
if status.phase == "Paused" or status.reason == "Suspended" or status.reason == "Paused" then
  hs.status = "Suspended"
end
return hs
