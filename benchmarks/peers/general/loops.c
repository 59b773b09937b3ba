/* The convolution over the nonzero Clebsch-Gordan coefficients, by hand.

   out[i][a][c] = sum over edges e into i, nonzero terms (p, m, a, b, q): q Y_m(r_e) radial[e][p][c] features[j_e][b][c]

   coupling.h (written by c_text.py) has the type `real`, the sizes, the table of terms, the harmonics, and what `sparse`
   calls.  Channels are innermost and contiguous, sums stay in the nearest cache, one thread has a receiver. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "coupling.h"

#define ARGUMENTS                                                                                                      \
    int64_t nodes, const int64_t *restrict indptr, const int64_t *restrict indices, const real *restrict vectors,      \
        const real *restrict radial, const real *restrict features, real *restrict out, int threads

typedef const real (*restrict Rows)[CHANNELS];

/* Term by term, as the definition reads. */
void nonzero(ARGUMENTS)
{
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < nodes; i++) {
        real sum[OUT][CHANNELS] = {0};
        for (int64_t e = indptr[i]; e < indptr[i + 1]; e++) {
            Rows phi = (Rows)(radial + e * PATHS * CHANNELS);
            Rows f = (Rows)(features + indices[e] * IN * CHANNELS);
            real y[HARMONICS];
            harmonics(vectors + 3 * e, y);
            for (int t = 0; t < TERMS; t++) {
                const int p = terms[t].path, a = terms[t].a, b = terms[t].b;
                const real w = terms[t].q * y[terms[t].m];
#pragma omp simd
                for (int c = 0; c < CHANNELS; c++)
                    sum[a][c] += w * phi[p][c] * f[b][c];
            }
        }
        memcpy(out + i * OUT * CHANNELS, sum, sizeof sum);
    }
}

/* The matrix of each path first, once for the edge; then for each channel its product with f, in registers. */
void hoisted(ARGUMENTS)
{
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < nodes; i++) {
        real sum[OUT][CHANNELS] = {0};
        for (int64_t e = indptr[i]; e < indptr[i + 1]; e++) {
            Rows phi = (Rows)(radial + e * PATHS * CHANNELS);
            Rows f = (Rows)(features + indices[e] * IN * CHANNELS);
            real y[HARMONICS], k[PATHS][OUT][IN] = {0};
            harmonics(vectors + 3 * e, y);
            for (int t = 0; t < TERMS; t++)
                k[terms[t].path][terms[t].a][terms[t].b] += terms[t].q * y[terms[t].m];
            for (int p = 0; p < PATHS; p++) {
#pragma omp simd
                for (int c = 0; c < CHANNELS; c++) {
#pragma GCC unroll 16
                    for (int a = 0; a < OUT; a++) {
                        real s = 0;
#pragma GCC unroll 16
                        for (int b = 0; b < IN; b++)
                            s += k[p][a][b] * f[b][c];
                        sum[a][c] += phi[p][c] * s;
                    }
                }
            }
        }
        memcpy(out + i * OUT * CHANNELS, sum, sizeof sum);
    }
}

/* The same, a row at a time: less to keep in registers, more loads. */
void rows(ARGUMENTS)
{
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < nodes; i++) {
        real sum[OUT][CHANNELS] = {0};
        for (int64_t e = indptr[i]; e < indptr[i + 1]; e++) {
            Rows phi = (Rows)(radial + e * PATHS * CHANNELS);
            Rows f = (Rows)(features + indices[e] * IN * CHANNELS);
            real y[HARMONICS], k[PATHS][OUT][IN] = {0};
            harmonics(vectors + 3 * e, y);
            for (int t = 0; t < TERMS; t++)
                k[terms[t].path][terms[t].a][terms[t].b] += terms[t].q * y[terms[t].m];
            for (int p = 0; p < PATHS; p++)
                for (int a = 0; a < OUT; a++) {
#pragma omp simd
                    for (int c = 0; c < CHANNELS; c++) {
                        real s = 0;
                        for (int b = 0; b < IN; b++)
                            s += k[p][a][b] * f[b][c];
                        sum[a][c] += phi[p][c] * s;
                    }
                }
        }
        memcpy(out + i * OUT * CHANNELS, sum, sizeof sum);
    }
}

/* The same as hoisted, unrolled path by path with the zeros of each matrix left out. */
void sparse(ARGUMENTS)
{
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t i = 0; i < nodes; i++) {
        real sum[OUT][CHANNELS] = {0};
        for (int64_t e = indptr[i]; e < indptr[i + 1]; e++) {
            real y[HARMONICS], k[PATHS][OUT][IN];
            harmonics(vectors + 3 * e, y);
            matrices(y, k);
            products(k, (Rows)(radial + e * PATHS * CHANNELS), (Rows)(features + indices[e] * IN * CHANNELS), sum);
        }
        memcpy(out + i * OUT * CHANNELS, sum, sizeof sum);
    }
}
