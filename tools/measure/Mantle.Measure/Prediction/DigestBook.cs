using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>The digests of contents, each computed once however many events and checks need it.</summary>
internal sealed class DigestBook(IReadOnlyList<TpmAlgorithm> banks)
{
    private readonly Dictionary<ByteSource, SortedDictionary<TpmAlgorithm, TpmDigest>> _digests = new(ReferenceEqualityComparer.Instance);

    /// <summary>The banks, in ascending order.</summary>
    public IReadOnlyList<TpmAlgorithm> Banks => banks;

    /// <summary>Hashes contents together, on all processors.</summary>
    public void Add(IEnumerable<ByteSource> contents)
    {
        ByteSource[] missing = [.. contents.Where(content => !_digests.ContainsKey(content)).Distinct(ReferenceEqualityComparer.Instance).Cast<ByteSource>()];
        byte[][][] digests = ContentDigest.Compute(missing, [.. banks.Select(bank => bank.AlgorithmName())]);
        for (int content = 0; content < missing.Length; content++)
        {
            SortedDictionary<TpmAlgorithm, TpmDigest> perBank = [];
            for (int bank = 0; bank < banks.Count; bank++)
            {
                perBank.Add(banks[bank], new(banks[bank], digests[content][bank]));
            }

            _digests.Add(missing[content], perBank);
        }
    }

    /// <summary>The digests of a content in all banks.</summary>
    public IReadOnlyDictionary<TpmAlgorithm, TpmDigest> Digests(ByteSource content)
    {
        Add([content]);
        return _digests[content];
    }

    /// <summary>The digest of a content by an algorithm, which need not be that of a bank.</summary>
    public byte[] Digest(ByteSource content, HashAlgorithmName algorithm)
    {
        TpmAlgorithm bank = banks.FirstOrDefault(known => known.AlgorithmName() == algorithm);
        return bank != default && _digests.TryGetValue(content, out SortedDictionary<TpmAlgorithm, TpmDigest>? digests)
            ? digests[bank].Bytes.ToArray()
            : ContentDigest.Compute(content, algorithm);
    }
}
