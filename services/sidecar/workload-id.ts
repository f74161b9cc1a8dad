import type {DetailedPeerCertificate, PeerCertificate} from 'node:tls';

/** Who a certificate of the lab's authority speaks for. */
export interface WorkloadId {
  readonly service: string;
  readonly node: string;
}

/** As in SPIFFE: the one URI among the certificate's subject alternative names, `spiffe://teralab/identity/identity-1`. */
const SPIFFE_ID = /^URI:spiffe:\/\/teralab\/([a-z0-9-]+)\/([a-z0-9-]+)$/;

/** Undefined for a certificate that speaks for no workload, or for several. */
export function workloadOf(certificate: PeerCertificate | DetailedPeerCertificate | undefined): WorkloadId | undefined {
  const names = (certificate?.subjectaltname ?? '').split(', ').filter(name => name.startsWith('URI:'));
  const [, service, node] = (names.length === 1 ? SPIFFE_ID.exec(names[0] ?? '') : null) ?? [];
  return service === undefined || node === undefined ? undefined : {service, node};
}
