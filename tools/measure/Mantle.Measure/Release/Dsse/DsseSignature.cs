namespace Mantle.Measure.Release.Dsse;

/// <summary>One signature of an envelope.</summary>
/// <param name="KeyId">Which key claims to have made it: <see cref="VerificationKey.KeyId"/>. A hint until the signature is verified.</param>
/// <param name="Signature">The signature's bytes, in the form that <see cref="SignatureScheme"/> names.</param>
public sealed record DsseSignature(string KeyId, ReadOnlyMemory<byte> Signature);
