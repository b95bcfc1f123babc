-- The actions that the run currently accepts. Approve, Reject and Retry answer the first question.
local status = obj.status or {}
local over = status.phase == "Succeeded" or status.phase == "Failed" or status.phase == "Cancelled"
local held = status.hold ~= nil and not over
local open = {}
if status.escalations ~= nil and status.escalations[1] ~= nil then
  for _, action in ipairs(status.escalations[1].actions or {}) do
    open[action] = true
  end
end
-- One table per action: Argo CD's Lua engine refuses a table that is used twice.
local function feedback()
  return {{name = "feedback"}}
end
local actions = {}
actions["abort"] = {displayName = "Abort", iconClass = "fa fa-fw fa-stop", disabled = over}
actions["approve"] = {displayName = "Approve", iconClass = "fa fa-fw fa-check", disabled = not open["Approve"]}
actions["pause"] = {displayName = "Pause", iconClass = "fa fa-fw fa-pause", disabled = over or held}
actions["reject"] = {displayName = "Reject", iconClass = "fa fa-fw fa-times", disabled = not open["Reject"], params = feedback()}
actions["resume"] = {displayName = "Resume", iconClass = "fa fa-fw fa-play", disabled = not held}
actions["retry"] = {displayName = "Retry", iconClass = "fa fa-fw fa-redo", disabled = not open["Retry"], params = feedback()}
return actions
