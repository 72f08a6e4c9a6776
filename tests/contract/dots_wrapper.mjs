// dots-wrapper, a client for Node.js by other people, against the sandbox: node dots_wrapper.mjs MODULES ADDRESS TOKEN
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";

const [modules, endpoint, token] = process.argv.slice(2);
const { createApiClient } = createRequire(`${modules}/`)("dots-wrapper");
const api = createApiClient({ endpoint, token });

async function until(condition) {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await condition()) return;
    await setTimeout(20);
  }
  throw new Error(`never: ${condition}`);
}

async function act(started) {
  const { data } = await started;
  const action_id = data.action.id;
  await until(async () => (await api.action.getAction({ action_id })).data.action.status === "completed");
}

const count = async () => (await api.droplet.listDroplets({ per_page: 200 })).data.droplets.length;
const status = async (droplet_id) => (await api.droplet.getDroplet({ droplet_id })).data.droplet.status;

const seen = { before: await count() };
const key = (await api.sshKey.createSshKey({
  name: "node",
  public_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDl4bXBsZWtleWZvcmZvcmVpZ25jbGllbnRzdGVzdHM= node@example.com",
})).data.ssh_key;
const { droplet } = (await api.droplet.createDroplet({
  name: "node-1", region: "nyc3", size: "s-1vcpu-1gb", image: "ubuntu-24-04-x64", ssh_keys: [key.id], tags: ["node"],
})).data;
await until(async () => (await status(droplet.id)) === "active");
seen.created = await status(droplet.id);
await act(api.droplet.powerOffDroplet({ droplet_id: droplet.id }));
seen.off = await status(droplet.id);
await act(api.droplet.powerOnDroplet({ droplet_id: droplet.id }));
seen.on = await status(droplet.id);
await act(api.droplet.snapshotDroplet({ droplet_id: droplet.id, name: "node-snapshot" }));
seen.tagged = (await api.droplet.listDroplets({ tag_name: "node" })).data.droplets.length;

const { volume } = (await api.volume.createVolume({ name: "node-volume", region: "nyc3", size_gigabytes: 10 })).data;
await act(api.volume.attachVolumeToDroplet({ volume_id: volume.id, droplet_id: droplet.id, region: "nyc3" }));
seen.volumes = (await api.droplet.getDroplet({ droplet_id: droplet.id })).data.droplet.volume_ids.length;
await act(api.volume.detachVolumeFromDroplet({ volume_id: volume.id, droplet_id: droplet.id, region: "nyc3" }));
await api.volume.deleteVolume({ volume_id: volume.id });

const domain_name = "node.example";
await api.domain.createDomain({ name: domain_name, ip_address: "198.51.100.7" });
await api.domain.createDomainRecord({ domain_name, type: "A", name: "www", data: "198.51.100.8" });
const { domain_records } = (await api.domain.listDomainRecords({ domain_name })).data;
seen.records = domain_records.filter((one) => one.type === "A").map((one) => one.name).sort();
await api.domain.deleteDomain({ name: domain_name });

await api.sshKey.destroySshKey({ ssh_key_id: key.id });
await api.droplet.deleteDroplet({ droplet_id: droplet.id });
await until(async () => (await count()) === seen.before);
seen.after = await count();
console.log(JSON.stringify(seen));
