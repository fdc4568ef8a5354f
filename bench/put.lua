-- put.lua: wrk PUTs manifests, each with bytes and a tag of its own. BODY_* come by environment.
local config, config_size = os.getenv("CONFIG_DIGEST"), os.getenv("CONFIG_SIZE")
local layer, layer_size = os.getenv("LAYER_DIGEST"), os.getenv("LAYER_SIZE")
local repository, run = os.getenv("REPOSITORY"), os.getenv("RUN")
local threads = 0
function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end
function init(args)
   count = 0
   random = tostring({}):sub(8)
end
function request()
   count = count + 1
   local name = string.format("%s-%d-%d", run, number, count)
   local body = string.format(
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' ..
      '"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%s},' ..
      '"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%s}],' ..
      '"annotations":{"n":"%s"}}', config, config_size, layer, layer_size, name)
   return wrk.format("PUT", "/v2/" .. repository .. "/manifests/" .. name,
      {["Content-Type"] = "application/vnd.oci.image.manifest.v1+json"}, body)
end
