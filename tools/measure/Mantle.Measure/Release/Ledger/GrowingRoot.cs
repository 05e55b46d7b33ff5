namespace Mantle.Measure.Release.Ledger;

/// <summary>The root of a tree that grows leaf by leaf, from the roots of its complete subtrees alone.</summary>
internal sealed class GrowingRoot
{
    private readonly List<(int Height, byte[] Hash)> _subtrees = [];

    public byte[] Root
    {
        get
        {
            byte[]? root = null;
            for (int i = _subtrees.Count - 1; i >= 0; i--)
            {
                root = root is null ? _subtrees[i].Hash : MerkleTree.HashNode(_subtrees[i].Hash, root);
            }

            return root ?? MerkleTree.EmptyRoot;
        }
    }

    public void Add(byte[] leafHash)
    {
        _subtrees.Add((0, leafHash));
        while (_subtrees is [.., (int left, byte[] leftHash), (int right, byte[] rightHash)] && left == right)
        {
            _subtrees.RemoveRange(_subtrees.Count - 2, 2);
            _subtrees.Add((left + 1, MerkleTree.HashNode(leftHash, rightHash)));
        }
    }
}
