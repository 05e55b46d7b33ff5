using System.Text;
using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Measure.Release.Ledger;

namespace Mantle.Measure.Tests.Release;

public sealed class LedgerFormatTests
{
    /// <summary>Inputs and roots of the reference tree of seven leaves in Certificate Transparency's own tests (RFC 6962).</summary>
    private static readonly string[] s_leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] s_roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    [Fact]
    public void Roots_are_those_of_the_reference_tree()
    {
        byte[][] leaves = [.. s_leaves.Select(leaf => MerkleTree.HashLeaf(Convert.FromHexString(leaf)))];
        for (int size = 1; size <= leaves.Length; size++)
        {
            Assert.Equal(s_roots[size - 1], Convert.ToHexStringLower(MerkleTree.Root(leaves.AsSpan(0, size))));
        }

        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Convert.ToHexStringLower(MerkleTree.EmptyRoot));
    }

    [Fact]
    public void Every_inclusion_and_consistency_proof_holds_and_no_other_does()
    {
        byte[][] leaves = [.. Enumerable.Range(0, 40).Select(i => MerkleTree.HashLeaf(BitConverter.GetBytes(i)))];
        for (int size = 1; size <= leaves.Length; size++)
        {
            byte[][] tree = leaves[..size];
            byte[] root = MerkleTree.Root(tree);
            for (int index = 0; index < size; index++)
            {
                IReadOnlyList<byte[]> proof = MerkleTree.InclusionProof(tree, index);
                Assert.True(MerkleTree.VerifyInclusion(index, size, tree[index], proof, root));
                Assert.False(MerkleTree.VerifyInclusion(index, size, tree[(index + 1) % size], proof, root) && size > 1);
                Assert.False(MerkleTree.VerifyInclusion((index + 1) % size, size, tree[index], proof, root) && size > 1);
                Assert.False(MerkleTree.VerifyInclusion(index, size, tree[index], [.. proof, new byte[32]], root));
                Assert.False(proof.Count > 0 && MerkleTree.VerifyInclusion(index, size, tree[index], [.. proof.SkipLast(1)], root));
            }

            for (int old = 0; old <= size; old++)
            {
                IReadOnlyList<byte[]> proof = MerkleTree.ConsistencyProof(tree, old);
                byte[] oldRoot = MerkleTree.Root(leaves.AsSpan(0, old));
                Assert.True(MerkleTree.VerifyConsistency(old, oldRoot, size, root, proof));
                Assert.False(MerkleTree.VerifyConsistency(old, oldRoot, size, root, [.. proof, new byte[32]]));
                Assert.False(proof.Count > 0 && MerkleTree.VerifyConsistency(old, oldRoot, size, root, [.. proof.SkipLast(1)]));
                Assert.False(old > 0 && old < size && MerkleTree.VerifyConsistency(old, new byte[32], size, root, proof));
                Assert.False(old > 0 && old < size && MerkleTree.VerifyConsistency(old, oldRoot, size, new byte[32], proof));
            }
        }
    }

    [Fact]
    public void The_specifications_note_is_read_and_written()
    {
        string page = File.ReadAllText(Testing.Repository.SharedVector("release/c2sp-signed-note-example.txt"));
        int start = page.IndexOf("```\n", StringComparison.Ordinal) + 4;
        byte[] example = Encoding.UTF8.GetBytes(page[start..page.IndexOf("```", start, StringComparison.Ordinal)]);
        SignedNote note = SignedNote.Read(example);
        Assert.Equal("Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n", note.Text);
        Assert.Equal("quasimodo.example/salvatore", note.Signatures.Single().Name);
        Assert.Equal(64, note.Signatures.Single().Signature.Length);
        Assert.Equal(example, note.ToArray());
    }

    [Fact]
    public void The_documented_key_of_the_go_implementation_signs_its_own_note()
    {
        // golang.org/x/mod/sumdb/note, ExampleSign: the same key and text in its documentation.
        NoteKey key = NoteKey.Parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
        const string Text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        const string Signature = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        SignedNote note = SignedNote.Read(Encoding.UTF8.GetBytes($"{Text}\n{Signature}"));
        Assert.True(note.IsSignedBy(key));
        Assert.False((note with { Text = Text.Replace("answer", "Answer", StringComparison.Ordinal) }).IsSignedBy(key));
        Assert.Equal("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", key.ToString());
        Assert.Throws<MalformedInputException>(() => NoteKey.Parse("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
    }

    [Theory]
    [InlineData("log.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", true)]
    [InlineData("log.example\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", false)]
    [InlineData("log.example\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", false)]
    [InlineData("log.example\n1\nAAAA\n", false)]
    [InlineData("log example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", false)]
    [InlineData("log.example\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n", false)]
    [InlineData("log.example\n1\n", false)]
    public void A_checkpoint_has_three_lines(string text, bool isOne)
    {
        byte[] note = new SignedNote(text, [new("log.example", 1, new byte[64])]).ToArray();
        if (isOne)
        {
            Assert.Equal(1, Checkpoint.Read(note).Size);
        }
        else
        {
            Assert.Throws<MalformedInputException>(() => Checkpoint.Read(note));
        }
    }

    [Fact]
    public void A_proof_convinces_who_has_the_entry_and_the_key_alone()
    {
        TestRelease release = TestRelease.Sound();
        ReleaseLedger ledger = TestRelease.Logged(release.Envelope(), release.Statement);
        LedgerProof proof = LedgerProof.Read(ledger.Prove(0).ToArray());
        byte[] entry = ledger.Entries[0].ToArray();
        Assert.True(proof.Proves(entry, TestRelease.LedgerKey));
        Assert.False(proof.Proves([.. entry, 0], TestRelease.LedgerKey));
        Assert.False(proof.Proves(entry, new NoteKey(TestRelease.LedgerKey.Name, TestRelease.Mallory.Key)));
        Assert.Throws<UserErrorException>(() => ledger.Prove(1));
    }

    [Fact]
    public void Bytes_that_are_changed_are_refused_or_mean_the_same()
    {
        TestRelease release = TestRelease.Sound();
        ReleaseLedger ledger = TestRelease.Logged(release.Envelope(), release.Statement);
        byte[] text = ledger.ToArray();
        byte[] checkpoint = ledger.Checkpoint!.Note.ToArray();
        byte[] proof = ledger.Prove(0).ToArray();
        Gen.Select(Gen.Int[0, 100_000], Gen.Byte).Sample((at, value) =>
        {
            Same(text, at, value, bytes => ReleaseLedger.Read(bytes, null).ToArray());
            Same(checkpoint, at, value, bytes => Checkpoint.Read(bytes).Note.ToArray());
            Same(proof, at, value, bytes => LedgerProof.Read(bytes).ToArray());
        });
    }

    private static void Same(byte[] good, int at, byte value, Func<byte[], byte[]> read)
    {
        byte[] changed = [.. good];
        changed[at % good.Length] = value;
        try
        {
            Assert.Equal(changed, read(changed));
        }
        catch (MalformedInputException)
        {
        }
    }
}
