using System.Runtime.Intrinsics;

namespace Mantle.Model.Trainer;

/// <summary>
/// A matrix as the right side of a product: in panels of 24 columns, each row by row, so that a panel stays in the nearest cache while all rows of the left side pass it.
/// Each number of a product is one chain of fused multiplications and additions in the order of the rows here, whatever the machine: the bits do not depend on it.
/// </summary>
/// <param name="rows">Most rows that are ever packed.</param>
/// <param name="columns">Columns, a multiple of 24.</param>
internal sealed unsafe class PackedMatrix(int rows, int columns)
{
    /// <summary>Columns of a panel: three registers of eight numbers; with four rows of the left side twelve sums, which is what sixteen registers have room for.</summary>
    public const int PanelWidth = 24;

    private readonly float[] _panels = GC.AllocateArray<float>(rows * columns, pinned: true);
    private int _rows;

    /// <summary>Takes a matrix in, row by row.</summary>
    public void Pack(ReadOnlySpan<float> matrix)
    {
        _rows = matrix.Length / columns;
        for (int panel = 0; panel < columns / PanelWidth; panel++)
        {
            Span<float> target = _panels.AsSpan(panel * PanelWidth * _rows, PanelWidth * _rows);
            for (int row = 0; row < _rows; row++)
            {
                matrix.Slice((row * columns) + (panel * PanelWidth), PanelWidth).CopyTo(target[(row * PanelWidth)..]);
            }
        }
    }

    /// <summary>Takes a matrix in whose columns are the rows here.</summary>
    public void PackTransposed(ReadOnlySpan<float> matrix)
    {
        _rows = matrix.Length / columns;
        for (int panel = 0; panel < columns / PanelWidth; panel++)
        {
            Span<float> target = _panels.AsSpan(panel * PanelWidth * _rows, PanelWidth * _rows);
            for (int column = 0; column < PanelWidth; column++)
            {
                ReadOnlySpan<float> source = matrix.Slice(((panel * PanelWidth) + column) * _rows, _rows);
                for (int row = 0; row < source.Length; row++)
                {
                    target[(row * PanelWidth) + column] = source[row];
                }
            }
        }
    }

    /// <summary>Adds the product of <paramref name="left"/> and this matrix to <paramref name="result"/>.</summary>
    /// <param name="left">A multiple of four rows, each as long as this matrix has rows.</param>
    /// <param name="result">As many rows, each as long as this matrix has columns.</param>
    public void AddProduct(ReadOnlySpan<float> left, Span<float> result)
    {
        int count = left.Length / _rows;
        if (count % 4 != 0 || result.Length != count * columns)
        {
            throw new ArgumentException("the sizes do not fit", nameof(left));
        }

        fixed (float* panels = _panels, a = left, c = result)
        {
            for (int panel = 0; panel < columns / PanelWidth; panel++)
            {
                for (int row = 0; row < count; row += 4)
                {
                    AddFourRows(a + ((nint)row * _rows), panels + ((nint)panel * PanelWidth * _rows), c + ((nint)row * columns) + (panel * PanelWidth), _rows, columns);
                }
            }
        }
    }

    private static void AddFourRows(float* a, float* panel, float* c, nint length, nint stride)
    {
        float* d = c + stride;
        float* e = d + stride;
        float* f = e + stride;
        Vector256<float> c0 = Vector256.Load(c), c1 = Vector256.Load(c + 8), c2 = Vector256.Load(c + 16);
        Vector256<float> d0 = Vector256.Load(d), d1 = Vector256.Load(d + 8), d2 = Vector256.Load(d + 16);
        Vector256<float> e0 = Vector256.Load(e), e1 = Vector256.Load(e + 8), e2 = Vector256.Load(e + 16);
        Vector256<float> f0 = Vector256.Load(f), f1 = Vector256.Load(f + 8), f2 = Vector256.Load(f + 16);
        float* end = a + length;
        nint second = length;
        nint third = unchecked(2 * length);
        nint fourth = unchecked(3 * length);
        for (; a < end; a++, panel += PanelWidth)
        {
            Vector256<float> b0 = Vector256.Load(panel), b1 = Vector256.Load(panel + 8), b2 = Vector256.Load(panel + 16);
            Vector256<float> factor = Vector256.Create(*a);
            c0 = Vector256.FusedMultiplyAdd(factor, b0, c0);
            c1 = Vector256.FusedMultiplyAdd(factor, b1, c1);
            c2 = Vector256.FusedMultiplyAdd(factor, b2, c2);
            factor = Vector256.Create(a[second]);
            d0 = Vector256.FusedMultiplyAdd(factor, b0, d0);
            d1 = Vector256.FusedMultiplyAdd(factor, b1, d1);
            d2 = Vector256.FusedMultiplyAdd(factor, b2, d2);
            factor = Vector256.Create(a[third]);
            e0 = Vector256.FusedMultiplyAdd(factor, b0, e0);
            e1 = Vector256.FusedMultiplyAdd(factor, b1, e1);
            e2 = Vector256.FusedMultiplyAdd(factor, b2, e2);
            factor = Vector256.Create(a[fourth]);
            f0 = Vector256.FusedMultiplyAdd(factor, b0, f0);
            f1 = Vector256.FusedMultiplyAdd(factor, b1, f1);
            f2 = Vector256.FusedMultiplyAdd(factor, b2, f2);
        }

        c0.Store(c);
        c1.Store(c + 8);
        c2.Store(c + 16);
        d0.Store(d);
        d1.Store(d + 8);
        d2.Store(d + 16);
        e0.Store(e);
        e1.Store(e + 8);
        e2.Store(e + 16);
        f0.Store(f);
        f1.Store(f + 8);
        f2.Store(f + 16);
    }
}
