using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Tests.Prediction;

/// <summary>Content of which a capture kept only the digests. Reading it is a mistake of the test.</summary>
internal sealed class KnownDigests(long length, IReadOnlyDictionary<TpmAlgorithm, TpmDigest> digests) : ByteSource
{
    public override long Length => length;

    public IReadOnlyDictionary<TpmAlgorithm, TpmDigest> Digests => digests;

    protected override void ReadCore(long offset, Span<byte> destination) => throw new InvalidOperationException("only digests of this content are known");
}
