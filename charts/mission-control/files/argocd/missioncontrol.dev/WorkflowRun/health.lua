-- Progressing, then Suspended while the run waits for a person, then Healthy or Degraded.
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
-- The status does not reflect a change of spec.suspend yet.
if obj.metadata.generation ~= nil and status.observedGeneration ~= nil and status.observedGeneration < obj.metadata.generation then
  hs.message = "waiting for the operator to see the change"
  return hs
end
-- Other branches of the run may continue while one of them waits for an answer.
if status.escalations ~= nil and status.escalations[1] ~= nil then
  hs.status = "Suspended"
  hs.message = status.escalations[1].message
  return hs
end
-- A Pending run is Progressing, because it waits for Git or in a queue, unless someone paused or suspended it.
if status.phase == "Paused" or status.reason == "Suspended" or status.reason == "Paused" then
  hs.status = "Suspended"
end
return hs
