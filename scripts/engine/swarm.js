export async function startSwarm() {}
export async function stopSwarm() {}
